import * as z from 'zod';
import { MinerFault } from '../../io/miner-fault.ts';
import type { MinerIdentity, ReadDepth, WriteOutcome } from '../miner-adapter.ts';
import type { Look } from '../plain-adapter.ts';
import type { Wanted } from '../put-back.ts';
import type { Tuning } from '../tuned-adapter.ts';

/** What the tuner aims at: watts, or a hashrate; neither where it is off. */
export const tunerTarget = z.object({ watts: z.number().optional(), hashrateThs: z.number().optional() });
export type TunerTarget = z.infer<typeof tunerTarget>;

/** One of the interfaces that Braiins OS has had. */
export type Dialect = {
  readonly identify: (signal?: AbortSignal) => Promise<Omit<MinerIdentity, 'vendor'>>;
  readonly look: (depth: ReadDepth, signal?: AbortSignal) => Promise<Look>;
  readonly write: (wanted: Wanted, signal?: AbortSignal) => Promise<WriteOutcome>;
  readonly target: (signal?: AbortSignal) => Promise<TunerTarget>;
  /** Of a target with one of both set. */
  readonly aim: (target: TunerTarget, signal?: AbortSignal) => Promise<WriteOutcome>;
};

export const done: WriteOutcome = { kind: 'done' };
export const noSuchSetting: WriteOutcome = { kind: 'refused', detail: 'Braiins OS has no such setting' };

/** The tuner of whichever interface the miner has. */
export const tuningOf = (dialect: (signal?: AbortSignal) => Promise<Dialect>): Tuning<TunerTarget> => ({
  schema: tunerTarget,
  read: async (signal) => (await dialect(signal)).target(signal),
  chosen: async (order) => {
    if (order.type !== 'POWER_LIMIT') throw new MinerFault('denied', 'Braiins OS chooses its clocks itself');
    return { watts: order.params.limitW };
  },
  put: async (target, signal) =>
    target.watts === undefined && target.hashrateThs === undefined
      ? { kind: 'refused', detail: 'the tuner was off before, and this gateway cannot turn it off' }
      : (await dialect(signal)).aim(target, signal),
});
