import { asMinerFault } from '../../io/miner-fault.ts';
import { LostAnswer } from '../../io/tcp-exchange.ts';
import type { MinerAdapter } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { frameAdapter } from './frame-adapter.ts';
import { whatsminerAdapter } from './whatsminer-adapter.ts';

type Deps = {
  readonly minerId: string;
  readonly io: MinerIo;
  readonly username: string;
  readonly password: string;
  readonly nowMs: () => number;
};

/**
 * A Whatsminer of which nobody knows whether it speaks API 2 or 3: `identify` asks both, and API 3 is spoken where it answers, since
 * firmware that has it goes on answering API 2's reads, but need not take its writes. Before the first `identify`, a miner that
 * refuses connections on API 2's port is asked by API 3.
 */
export const eitherWhatsminer = ({ minerId, io, username, password, nowMs }: Deps): MinerAdapter => {
  let refuses = false;
  const watched: MinerIo = {
    ...io,
    rpc: async (request, signal) => {
      try {
        const answer = await io.rpc(request, signal);
        refuses = false;
        return answer;
      } catch (error) {
        refuses = asMinerFault(error).kind === 'unreachable' && !(error instanceof LostAnswer);
        throw error;
      }
    },
  };
  const older = whatsminerAdapter({ minerId, io: watched, password, nowMs });
  const newer = frameAdapter({ minerId, io, username, password, nowMs });
  let spoken: MinerAdapter | undefined;

  const identify: MinerAdapter['identify'] = async (signal) => {
    const [byRpc, byFrame] = await Promise.allSettled([older.identify(signal), newer.identify(signal)]);
    if (byFrame.status === 'fulfilled') {
      spoken = newer;
      return byFrame.value;
    }
    if (byRpc.status === 'rejected') throw byRpc.reason;
    spoken = older;
    return byRpc.value;
  };
  /** Of a miner that was not identified yet, whichever of the two answers; API 2 while none does. */
  const current = async (signal?: AbortSignal): Promise<MinerAdapter> => {
    if (!spoken) await identify(signal).catch(() => undefined);
    return spoken ?? older;
  };

  return {
    identify,
    read: async (depth, signal) => {
      if (spoken) return spoken.read(depth, signal);
      const result = await older.read(depth, signal);
      if (!result.fault || !refuses || signal?.aborted) return result;
      const byFrame = await newer.read(depth, signal);
      if (!byFrame.fault) spoken = newer;
      return byFrame.fault ? result : byFrame;
    },
    snapshot: async (order, signal) => (await current(signal)).snapshot(order, signal),
    execute: async (order, before, signal) => (await current(signal)).execute(order, before, signal),
    readBack: async (order, before, sinceMs, signal) =>
      (await current(signal)).readBack(order, before, sinceMs, signal),
    restore: async (restoration, now, signal) => (await current(signal)).restore(restoration, now, signal),
    readRestored: async (restoration, signal) => (await current(signal)).readRestored(restoration, signal),
  };
};
