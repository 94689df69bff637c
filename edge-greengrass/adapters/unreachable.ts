import type { MinerFault } from '../io/miner-fault.ts';
import type { MinerReadResult } from './miner-adapter.ts';

/** The reading of a miner that could not be asked or understood. */
export const unreachable = (minerId: string, sampledAtMs: number, fault: MinerFault): MinerReadResult => ({
  reading: { minerId, sampledAtMs, state: 'unreachable', values: {} },
  fault:
    fault.kind === 'aborted'
      ? 'aborted'
      : fault.kind === 'unparseable' || fault.kind === 'too_large'
        ? 'unparseable'
        : 'unreachable',
});
