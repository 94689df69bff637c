import { asMinerFault, MinerFault } from '../io/miner-fault.ts';
import { LostAnswer } from '../io/tcp-exchange.ts';
import type { WriteOutcome } from './miner-adapter.ts';

/** `lost` where the miner may have acted: its answer went missing or could not be understood. Any other fault is a refusal. */
export const outcomeOf = async (write: () => Promise<WriteOutcome>): Promise<WriteOutcome> => {
  try {
    return await write();
  } catch (error) {
    const fault = asMinerFault(error);
    const mayHaveArrived = fault instanceof LostAnswer || fault.kind === 'unparseable';
    return { kind: mayHaveArrived ? 'lost' : 'refused', detail: fault.message };
  }
};

/** For a request that changes nothing by itself, such as a login: whatever becomes of it, the miner has not acted. */
export const withoutEffect = async <T>(request: Promise<T>): Promise<T> => {
  try {
    return await request;
  } catch (error) {
    const { kind, message } = asMinerFault(error);
    throw new MinerFault(kind === 'unparseable' ? 'denied' : kind, message);
  }
};
