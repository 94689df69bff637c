import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';

/** Bytes that passed, by where they passed. */
export type Heard = { readonly where: string; readonly bytes: Buffer };

const bytesOf = (chunk: unknown): Buffer | undefined => {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  return chunk instanceof Uint8Array ? Buffer.from(chunk) : undefined;
};

const toWorker = z.object({ event: z.string() });
const httpEvent = z.looseObject({ routeKey: z.string(), body: z.string().optional() });

/**
 * An event to a function; one of the HTTP API without its body: people send a pool's password over TLS to the API, whose
 * function seals it, and that one request is no leak.
 */
const eventText = (message: unknown): string => {
  const { event } = toWorker.parse(message);
  const request = httpEvent.safeParse(JSON.parse(event));
  return request.success ? JSON.stringify({ ...request.data, body: undefined }) : event;
};

/**
 * Hears everything that this process's servers are sent and answer while it is open: HTTP requests and answers, MQTT under its
 * TLS, and the events and answers of functions in their workers. The local cloud runs in the process, so this is every
 * message of every service. `ignored` names sockets that are not the cloud's, by their local address.
 */
export const openWireTap = (ignored: (localAddress: string) => boolean) => {
  const pieces = new Map<string, Buffer[]>();
  const names = new WeakMap<object, Map<string, string>>();
  let count = 0;
  const note = (kind: string, subject: object, socket: Socket | undefined, chunk: unknown, path = '') => {
    const bytes = bytesOf(chunk);
    if (!bytes || ignored(socket?.localAddress ?? '')) return;
    const known = names.get(subject)?.get(kind);
    const name = known ?? `${kind} ${++count} :${socket?.localPort ?? ''} ${path}`;
    names.set(subject, (names.get(subject) ?? new Map<string, string>()).set(kind, name));
    const soFar = pieces.get(name);
    if (soFar) soFar.push(bytes);
    else pieces.set(name, [bytes]);
  };
  const undo: (() => void)[] = [];
  const replace = <T extends object, K extends keyof T & string>(target: T, key: K, value: T[K]) => {
    const own = Object.getOwnPropertyDescriptor(target, key);
    Object.defineProperty(target, key, { value, configurable: true, writable: true });
    undo.push(() => {
      if (own) Object.defineProperty(target, key, own);
      else Reflect.deleteProperty(target, key);
    });
  };

  replace(IncomingMessage.prototype, 'push', function (this: IncomingMessage, chunk: unknown, encoding) {
    if (this.method) note('request', this, this.socket, chunk, this.url);
    return Readable.prototype.push.call(this, chunk, encoding);
  });
  for (const key of ['write', 'end'] as const) {
    const original = ServerResponse.prototype[key];
    replace(ServerResponse.prototype, key, function (this: ServerResponse, ...given: unknown[]) {
      note('answer', this, this.req.socket, given[0], this.req.url);
      return Reflect.apply(original, this, given);
    } as never);
  }
  replace(TLSSocket.prototype, 'push', function (this: TLSSocket, chunk: unknown, encoding) {
    note('tls in', this, this, chunk);
    return Readable.prototype.push.call(this, chunk, encoding);
  });
  const write = TLSSocket.prototype._write;
  replace(TLSSocket.prototype, '_write', function (this: TLSSocket, chunk: unknown, ...given) {
    note('tls out', this, this, chunk);
    return Reflect.apply(write, this, [chunk, ...given]);
  });
  const writev = TLSSocket.prototype._writev;
  if (writev)
    replace(TLSSocket.prototype, '_writev', function (this: TLSSocket, chunks, done) {
      for (const { chunk } of chunks) note('tls out', this, this, chunk);
      return Reflect.apply(writev, this, [chunks, done]);
    });
  const post = Worker.prototype.postMessage;
  replace(Worker.prototype, 'postMessage', function (this: Worker, ...given: unknown[]) {
    note('event', {}, undefined, eventText(given[0]));
    return Reflect.apply(post, this, given);
  } as never);
  const emit = Worker.prototype.emit;
  replace(Worker.prototype, 'emit', function (this: Worker, ...given: unknown[]) {
    if (given[0] === 'message') note('result', {}, undefined, JSON.stringify(given[1]));
    return Reflect.apply(emit, this, given);
  } as never);

  return {
    heard: (): Heard[] => [...pieces].map(([where, chunks]) => ({ where, bytes: Buffer.concat(chunks) })),
    close: () => {
      for (const one of undo.splice(0).toReversed()) one();
    },
  };
};
