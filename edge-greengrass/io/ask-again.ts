import { setTimeout as wait } from 'node:timers/promises';
import { MinerFault } from './miner-fault.ts';
import { NotTaken } from './tcp-exchange.ts';

/** Long enough for a miner whose few places for connections are taken, short against a sweep. */
const pauseMs = 150;

/**
 * Asks once more when the miner took no connection: some refuse at random, and what never left the gateway had no effect. Nothing else
 * is asked again: not what may have arrived, nor a miner that kept silent until the deadline.
 */
export const askAgain = async <T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof NotTaken)) throw error;
    await wait(pauseMs, undefined, { ...(signal && { signal }) }).catch(() => {});
    if (signal?.aborted) throw new MinerFault('aborted', 'stopped while the miner was asked');
    return await ask();
  }
};
