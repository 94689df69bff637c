import { request } from 'node:http';
import { MinerFault } from './miner-fault.ts';
import { onAbort } from './on-abort.ts';
import { type IoLimits, LostAnswer } from './tcp-exchange.ts';

export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
};
export type HttpAnswer = {
  readonly status: number;
  readonly body: string;
  /** By lower-case name; of those that came several times, the first. */
  readonly header: (name: string) => string | undefined;
};

/**
 * One HTTP request, one answer, one connection, as lenient as miners' web servers need. A body is said to be JSON unless
 * the headers say otherwise. Rejects with MinerFault: `unreachable` when nothing accepts, `timeout` past either deadline,
 * `too_large` past the byte limit, `aborted` by the signal. A fault after the request left is a LostAnswer.
 */
export const httpExchange = (
  endpoint: { readonly host: string; readonly port: number },
  { method, path, headers, body }: HttpRequest,
  limits: IoLimits,
  signal?: AbortSignal,
): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new MinerFault('aborted', 'stopped before the miner was asked'));
    let sent = false;
    const outgoing = request({
      host: endpoint.host,
      port: endpoint.port,
      method,
      path,
      agent: false,
      insecureHTTPParser: true,
      maxHeaderSize: 16 * 1024,
      headers: {
        connection: 'close',
        ...(body !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
        ...headers,
      },
    });
    let timer = setTimeout(() => fail('timeout', 'no connection within the deadline'), limits.connectMs);
    const settle = () => {
      clearTimeout(timer);
      unheard();
    };
    const fail = (kind: MinerFault['kind'], message: string) => {
      settle();
      outgoing.destroy();
      reject(sent ? new LostAnswer(kind, message) : new MinerFault(kind, message));
    };
    const unheard = onAbort(signal, () => fail('aborted', 'stopped while the miner was asked'));

    outgoing.once('socket', (socket) =>
      socket.once('connect', () => {
        sent = true;
        clearTimeout(timer);
        timer = setTimeout(() => fail('timeout', 'no whole answer within the deadline'), limits.exchangeMs);
      }),
    );
    outgoing.on('error', () =>
      fail('unreachable', sent ? 'the connection broke' : 'nothing accepts the connection'),
    );
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      let length = 0;
      incoming.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > limits.maxBytes) fail('too_large', `the answer exceeds ${limits.maxBytes} bytes`);
        else chunks.push(chunk);
      });
      incoming.once('error', () => fail('unreachable', 'the connection broke'));
      incoming.once('close', () => {
        if (!incoming.complete) return fail('unreachable', 'the connection broke');
        settle();
        resolve({
          status: incoming.statusCode ?? 0,
          body: Buffer.concat(chunks).toString('utf8'),
          header: (name) => incoming.headersDistinct[name]?.[0],
        });
      });
    });
    outgoing.end(body);
  });
