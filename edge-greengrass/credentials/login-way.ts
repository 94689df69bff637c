import type { WriteOutcome } from '../adapters/miner-adapter.ts';
import type { MinerIo } from '../adapters/miner-io.ts';
import type { Login } from '../discovery/found-machine.ts';

/** `unknown`: the miner could not be asked, or does not say. */
export type LoginVerdict = 'accepted' | 'refused' | 'unknown';

/** How a firmware family lets people in, and how they change their password. All of it settles within the gateway's deadlines; nothing rejects. */
export type LoginWay = {
  /** Tries a login on something that changes nothing. One try. */
  readonly check: (login: Login, signal?: AbortSignal) => Promise<LoginVerdict>;
  /** The vendor's own way, under the login that holds. Left out where the firmware has none. */
  readonly change?: (from: Login, password: string, signal?: AbortSignal) => Promise<WriteOutcome>;
  /** A new password that the firmware takes. */
  readonly newPassword: () => string;
};

export type LoginWayOf = (deps: {
  /** Connections under a login. */
  readonly ioOf: (login: Login) => MinerIo;
  readonly nowMs: () => number;
  /** As the inventory has it. */
  readonly model: string | undefined;
}) => LoginWay;
