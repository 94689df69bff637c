import * as z from 'zod';
import { MinerFault } from '../../io/miner-fault.ts';
import type { TunedOrder } from '../tuned-adapter.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf } from '../values.ts';

/**
 * What a machine is tuned to: while the perpetual tune runs, the target of its algorithm (W or TH/s, as the algorithm is); else a clock
 * for all boards.
 */
export const tune = z.union([
  z.object({
    algorithm: z.string(),
    target: z.number(),
    minThrottle: z.number().optional(),
    throttleStep: z.number().optional(),
  }),
  z.object({ clockMhz: z.number() }),
]);
export type Tune = z.infer<typeof tune>;

/** Throws MinerFault where the summary tells neither. */
export const heldTune = (summary: Fields): Tune => {
  const { Running, Algorithm } = fieldsOf(summary.PerpetualTune);
  const [name, settings] = Object.entries(fieldsOf(Algorithm))[0] ?? [];
  const held = fieldsOf(settings);
  const target = numberOf(held.Target);
  if (Running === true && name !== undefined && target !== undefined) {
    const minThrottle = numberOf(held['Min Throttle Target']);
    const throttleStep = numberOf(held['Throttle Step']);
    return {
      algorithm: name,
      target,
      ...(minThrottle !== undefined && { minThrottle }),
      ...(throttleStep !== undefined && { throttleStep }),
    };
  }
  const clockMhz = numberOf(listOf(fieldsOf(summary.HwConfig)['Boards Target Clock'])[0]?.Data);
  if (clockMhz === undefined) throw new MinerFault('unparseable', 'the summary tells no clock');
  return { clockMhz };
};

/** The algorithm whose target is in watts; only some machines have it among their capabilities. */
const byPower = 'PowerTune';

/** Throws MinerFault `denied` where the machine cannot be limited, or not so low. */
export const chosenTune = (order: TunedOrder, before: Tune, capabilities: Fields): Tune => {
  if (order.type === 'FREQUENCY_SET') return { clockMhz: order.params.frequencyMhz };
  const known = listOf(capabilities.PerpetualTune).find((entry) => textOf(entry.algorithm) === byPower);
  if (!known) throw new MinerFault('denied', 'this machine has no tuning to a limit of power');
  const { limitW } = order.params;
  const min = numberOf(known.min) ?? 0;
  if (limitW < min) throw new MinerFault('denied', `the machine takes no limit below ${min} W`);
  const target = Math.min(limitW, numberOf(known.max) ?? limitW);
  const kept = 'algorithm' in before && before.algorithm === byPower ? before : {};
  return { minThrottle: min, throttleStep: 100, ...kept, algorithm: byPower, target };
};
