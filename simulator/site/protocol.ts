import type { Socket } from 'node:net';
import type { RpcAnswer } from '../wire/rpc-connection.ts';
import type { WebHost } from '../wire/web-server.ts';
import type { SimulatedMiner } from './simulated-miner.ts';

/** What answers on one of a miner's ports. */
export type Service =
  | { readonly kind: 'rpc'; readonly answer: (request: string, client: string) => RpcAnswer | undefined }
  | ({ readonly kind: 'web' } & WebHost)
  /** A protocol of its own on the bare connection. */
  | { readonly kind: 'bare'; readonly serve: (socket: Socket) => void };

/** How one miner's firmware is spoken to. */
export type Protocol = {
  readonly rpc?: Service;
  readonly http?: Service;
  /** MicroBT's framed API 3. */
  readonly frame?: Service;
  /** The vendor's own HTTP port where it is not 80. */
  readonly vendorHttpPort?: number;
  /** The page for people on port 80 where the API has a port of its own; it is there where miners have their vendors' ports. */
  readonly dashboard?: Service;
  readonly login: { readonly username?: string; readonly password?: string };
};

export type ProtocolOptions = {
  readonly seed: number;
  /** Wall time of the miner's clock. */
  readonly nowMs: () => number;
  /** In place of the usual password. */
  readonly password?: string | undefined;
};
export type ProtocolOf = (miner: SimulatedMiner, options: ProtocolOptions) => Protocol;
