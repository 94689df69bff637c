import { askAgain } from '../io/ask-again.ts';
import { DigestClient } from '../io/http-digest.ts';
import { type HttpAnswer, type HttpRequest, httpExchange } from '../io/http-exchange.ts';
import { parseLooseJson } from '../io/loose-json.ts';
import { MinerFault } from '../io/miner-fault.ts';
import type { Semaphore } from '../io/semaphore.ts';
import { exchange, framedExchange, type IoLimits } from '../io/tcp-exchange.ts';
import type { Fields } from './values.ts';
import { fieldsOf } from './values.ts';

/** Where one miner is and how to get in; stays on the gateway. */
export type MinerAddress = {
  readonly minerId: string;
  readonly host: string;
  readonly rpcPort: number;
  readonly httpPort: number;
  /** Of firmware that sends frames: text behind its length. */
  readonly framePort?: number;
  readonly username: string;
  readonly password: string;
};

/** One miner's connections, all of them counted by the gateway's socket bound. */
export type MinerIo = {
  /** JSON of the RPC port, repaired where it must be. */
  readonly rpc: (request: string, signal?: AbortSignal) => Promise<Fields>;
  /** The RPC port's answer as it came. */
  readonly text: (request: string, signal?: AbortSignal) => Promise<string>;
  /** JSON of the port for frames. */
  readonly frame: (request: string, signal?: AbortSignal) => Promise<Fields>;
  /** HTTP as it is; the adapter brings its own authorisation. */
  readonly web: (request: HttpRequest, signal?: AbortSignal) => Promise<HttpAnswer>;
  /** HTTP with digest authentication under the miner's login. */
  readonly http: (
    method: 'GET' | 'POST',
    path: string,
    body?: string,
    signal?: AbortSignal,
    /** JSON where it is left out. */
    contentType?: string,
  ) => Promise<HttpAnswer>;
};

export const minerIo = (address: MinerAddress, limits: IoLimits, sockets: Semaphore): MinerIo => {
  const web = new DigestClient({ ...address, port: address.httpPort }, limits);
  const rpc = { host: address.host, port: address.rpcPort };
  const { framePort } = address;
  const plain = { host: address.host, port: address.httpPort };
  const text: MinerIo['text'] = (request, signal) =>
    askAgain(() => sockets.run(() => exchange(rpc, request, limits, signal), signal), signal);
  return {
    rpc: async (request, signal) => fieldsOf(parseLooseJson(await text(request, signal))),
    text,
    frame: async (request, signal) => {
      if (framePort === undefined) throw new MinerFault('unreachable', 'the miner has no port for frames');
      const endpoint = { host: address.host, port: framePort };
      const ask = () => sockets.run(() => framedExchange(endpoint, request, limits, signal), signal);
      return fieldsOf(parseLooseJson(await askAgain(ask, signal)));
    },
    web: (request, signal) =>
      askAgain(() => sockets.run(() => httpExchange(plain, request, limits, signal), signal), signal),
    http: (method, path, body, signal, contentType) =>
      askAgain(() => sockets.run(() => web.send(method, path, body, signal, contentType), signal), signal),
  };
};
