import type { MinerOrder } from '../../contracts/command.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import type { MinerAdapter, ReadBack, WriteOutcome } from '../../edge-greengrass/adapters/miner-adapter.ts';
import { MinerFault } from '../../edge-greengrass/io/miner-fault.ts';
import type { Chance } from './chance.ts';
import type { Timeline } from './timeline.ts';

/** How long a miner takes for an answer, and at most until an order shows. */
const answerMs = 400;
const slowestEffectMs = 60_000;

export const effectKey = (minerId: string, limitW: number) => `${minerId} ${limitW} W`;

/**
 * Miners that are nothing but a power limit. Each order sets another limit, so `effects` tells how often which order took effect on which. They refuse,
 * fall silent before or after the effect, and show it late.
 */
export const minersOf = (chance: Chance, { after, nowMs }: Timeline) => {
  const effects = new Map<string, number>();
  const limits = new Map<string, number>();
  const latency = <T>(work: () => T): Promise<T> =>
    new Promise((resolve, reject) =>
      after(chance.between(1, answerMs), () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      }),
    );
  const readingOf = (minerId: string): MinerReading => ({
    minerId,
    sampledAtMs: Math.round(nowMs()),
    state: 'hashing',
    values: { powerLimitW: limits.get(minerId) ?? 0 },
  });
  const takeEffect = (minerId: string, limitW: number) => {
    const key = effectKey(minerId, limitW);
    effects.set(key, (effects.get(key) ?? 0) + 1);
    limits.set(minerId, limitW);
  };
  const limitOf = (order: MinerOrder) => {
    if (order.type !== 'POWER_LIMIT') throw new Error('These miners know nothing but a power limit');
    return order.params.limitW;
  };
  const silent = () => {
    throw new MinerFault('unreachable', 'no answer');
  };

  const adapterOf = (minerId: string): MinerAdapter => ({
    identify: async () => ({ vendor: 'antminer', model: 'Any', firmware: 'any', apiVersion: '1' }),
    read: async () => ({ reading: readingOf(minerId) }),
    snapshot: () =>
      latency(() => (chance.happens(0.1) ? silent() : { reading: readingOf(minerId), settings: {} })),
    execute: (order) => {
      const limitW = limitOf(order);
      const fate = chance.one([
        'done',
        'done',
        'done',
        'slow',
        'refused',
        'lost',
        'lost with effect',
        'slow and lost',
      ]);
      const delayMs = fate.startsWith('slow') ? chance.between(0, slowestEffectMs) : 0;
      if (fate !== 'refused' && fate !== 'lost')
        after(chance.between(0, answerMs) + delayMs, () => takeEffect(minerId, limitW));
      return latency((): WriteOutcome => {
        if (fate === 'refused') return { kind: 'refused', detail: 'the miner said no' };
        return fate.includes('lost') ? { kind: 'lost', detail: 'no answer came' } : { kind: 'done' };
      });
    },
    readBack: (order) =>
      latency((): ReadBack => {
        if (chance.happens(0.2)) return { seen: undefined };
        return { seen: limits.get(minerId) === limitOf(order), reading: readingOf(minerId) };
      }),
    restore: () => Promise.reject(new Error('No rollback is ordered here')),
    readRestored: () => Promise.reject(new Error('No rollback is ordered here')),
  });
  return { effects, adapterOf };
};
