import { whyUnsupported } from '../contracts/capabilities/firmware-table.ts';
import type { MinerOrder } from '../contracts/command.ts';
import type { MinerReading } from '../contracts/reading.ts';
import type { GatewayLimits } from './config.ts';
import { asMinerFault } from './io/miner-fault.ts';
import { type Miner, presumedIdentity } from './miners.ts';
import type { Reports } from './reports.ts';

type Limits = GatewayLimits['overTemperature'];
const stop: MinerOrder = { type: 'HASHING_DISABLE', params: {} };
const repeatMs = 60_000;

/** The limits of a model: those under the longest name that the model contains, else the default. */
export const limitsOf = ({ default: fallback, models }: Limits, model: string) => {
  const names = Object.keys(models).filter((name) => model.toUpperCase().includes(name.toUpperCase()));
  const closest = names.toSorted((a, b) => b.length - a.length)[0];
  return (closest !== undefined && models[closest]) || fallback;
};

/** What is too hot, in words, or undefined. A miner that has stopped is cooling already. */
export const overheat = (
  { state, values }: MinerReading,
  { chipTempC, boardTempC }: { chipTempC: number; boardTempC: number },
) => {
  if (state === 'stopped' || state === 'unreachable') return undefined;
  if (values.chipTempC !== undefined && values.chipTempC >= chipTempC)
    return `chip at ${values.chipTempC} °C, limit ${chipTempC} °C`;
  if (values.boardTempC !== undefined && values.boardTempC >= boardTempC)
    return `board at ${values.boardTempC} °C, limit ${boardTempC} °C`;
  return undefined;
};

/**
 * Stops a miner that is hotter than its limit, without asking the cloud: the poll that saw it starts the stop. While
 * one stop is under way no second is begun; a miner that stays hot and running is stopped again at the next poll.
 */
export const overTemperatureGuard = (
  limits: Limits,
  reports: Reports,
  nowMs: () => number,
  stopping: AbortSignal,
) => {
  const underWay = new Map<string, Promise<void>>();
  /** When a miner's code was said last: a miner that cannot be stopped would say so at every poll. */
  const saidMs = new Map<string, number>();
  const look = (miner: Miner, reading: MinerReading): void => {
    const identity = miner.identity ?? presumedIdentity(miner.configured);
    const reason = overheat(reading, limitsOf(limits, miner.configured.model ?? identity.model));
    if (reason === undefined || underWay.has(miner.minerId)) return;
    const report = (code: string, detail: string) => {
      const key = `${miner.minerId} ${code}`;
      if (nowMs() - (saidMs.get(key) ?? Number.NEGATIVE_INFINITY) < repeatMs) return;
      saidMs.set(key, nowMs());
      reports.safety({
        kind: 'over_temperature_stop',
        minerId: miner.minerId,
        code,
        detail: `${reason}; ${detail}`.slice(0, 300),
      });
    };
    const done = miner
      .writing(async () => {
        const unsupported = whyUnsupported(identity, stop);
        if (unsupported !== undefined) return report('STOP_UNSUPPORTED', unsupported.en);
        const before = await miner.adapter.snapshot(stop, stopping);
        if (before.reading.state === 'stopped') return;
        const outcome = await miner.adapter.execute(stop, before, stopping);
        if (outcome.kind === 'done') report('STOP_ORDERED', 'the miner was stopped');
        else report(outcome.kind === 'lost' ? 'STOP_UNCONFIRMED' : 'STOP_REFUSED', outcome.detail);
      })
      .catch((error: unknown) => report('STOP_FAILED', asMinerFault(error).message))
      .finally(() => underWay.delete(miner.minerId));
    underWay.set(miner.minerId, done);
  };
  return { look, settled: () => Promise.allSettled(underWay.values()) };
};
