import { MinerFault } from '../../io/miner-fault.ts';
import type { MinerIo } from '../miner-io.ts';
import { type Fields, listOf, textOf } from '../values.ts';
import { withoutEffect } from '../write-outcome.ts';
import { rowOf } from './parse-answers.ts';

/** Rejects with `denied` where the answer's status is an error. */
export const luxRpc = (io: MinerIo) => async (command: string, parameter?: string, signal?: AbortSignal) => {
  const answer = await io.rpc(
    JSON.stringify({ command, ...(parameter !== undefined && { parameter }) }),
    signal,
  );
  const status = listOf(answer.STATUS)[0];
  if (!status) throw new MinerFault('unparseable', 'the answer has no status');
  if (!/^[SIW]$/.test(textOf(status.STATUS) ?? ''))
    throw new MinerFault('denied', `the miner answers ${(textOf(status.Msg) ?? 'no').slice(0, 120)}`);
  return answer;
};
export type LuxRpc = ReturnType<typeof luxRpc>;

/**
 * Orders that change a LuxOS machine need a session: `logon` gives its id, there is at most one on the machine, and it ends with
 * `logoff` or after 60 s without use (docs.luxor.tech, LuxOS API, "Sessions"). One is opened for each order and closed after it, so
 * that other tools find the machine free. A session whose closing got no answer may still be open; it is closed before the next.
 */
export const writeSession = (rpc: LuxRpc) => {
  let left: string | undefined;

  const close = async (id: string) => {
    left = id;
    // A miner that reboots answers no more.
    await rpc('logoff', id).then(
      () => {
        left = undefined;
      },
      () => {},
    );
  };
  const open = async (signal?: AbortSignal) => {
    if (left !== undefined) await close(left);
    const answer = await rpc('logon', undefined, signal);
    const id = textOf(rowOf(answer, 'SESSION').SessionID);
    if (!id || !/^[\w-]{1,64}$/.test(id)) throw new MinerFault('denied', 'the miner gives no session');
    return id;
  };
  const opened = (signal?: AbortSignal) =>
    withoutEffect(open(signal)).catch((error: unknown) => {
      if (error instanceof MinerFault && error.kind === 'denied')
        throw new MinerFault('denied', `no session, of which the miner has only one: ${error.message}`);
      throw error;
    });

  return async (command: string, parameter?: string, signal?: AbortSignal): Promise<Fields> => {
    const id = await opened(signal);
    try {
      return await rpc(command, parameter === undefined ? id : `${id},${parameter}`, signal);
    } finally {
      await close(id);
    }
  };
};
