import { DigestClient, type HttpAnswer } from '../io/http-digest.ts';
import { parseLooseJson } from '../io/loose-json.ts';
import type { Semaphore } from '../io/semaphore.ts';
import { exchange, type IoLimits } from '../io/tcp-exchange.ts';
import type { Fields } from './values.ts';
import { fieldsOf } from './values.ts';

/** Where one miner is and how to get in; stays on the gateway. */
export type MinerAddress = {
  readonly minerId: string;
  readonly host: string;
  readonly rpcPort: number;
  readonly httpPort: number;
  readonly username: string;
  readonly password: string;
};

/** One miner's connections, all of them counted by the gateway's socket bound. */
export type MinerIo = {
  readonly rpc: (request: string, signal?: AbortSignal) => Promise<Fields>;
  readonly http: (
    method: 'GET' | 'POST',
    path: string,
    body?: string,
    signal?: AbortSignal,
  ) => Promise<HttpAnswer>;
};

export const minerIo = (address: MinerAddress, limits: IoLimits, sockets: Semaphore): MinerIo => {
  const web = new DigestClient({ ...address, port: address.httpPort }, limits);
  const rpc = { host: address.host, port: address.rpcPort };
  return {
    rpc: async (request, signal) =>
      fieldsOf(parseLooseJson(await sockets.run(() => exchange(rpc, request, limits, signal), signal))),
    http: (method, path, body, signal) => sockets.run(() => web.send(method, path, body, signal), signal),
  };
};
