import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { answerEnd } from './answer-end.ts';
import { Gathered } from './gathered.ts';
import { MinerFault } from './miner-fault.ts';
import { onAbort } from './on-abort.ts';
import { type IoLimits, LostAnswer, NotTaken } from './tcp-exchange.ts';

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

type Endpoint = { readonly host: string; readonly port: number };

/** Undefined where a part cannot stand in a request: some are what the miner told, such as its cookies and nonces. */
const begin = (
  endpoint: Endpoint,
  { method, path, headers, body }: HttpRequest,
): ClientRequest | undefined => {
  try {
    return request({
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
  } catch {
    return undefined;
  }
};

/**
 * One HTTP request, one answer, one connection, as lenient as miners' web servers need. A body is said to be JSON unless
 * the headers say otherwise. Rejects with MinerFault: `unreachable` when nothing accepts, `timeout` past either deadline,
 * `too_large` past the byte limit, `unparseable` when it is not HTTP, `aborted` by the signal. A fault after the request
 * left is a LostAnswer. Of an answer shorter than it says, a body is taken that is JSON to its end.
 */
export const httpExchange = (
  endpoint: Endpoint,
  asked: HttpRequest,
  limits: IoLimits,
  signal?: AbortSignal,
): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new MinerFault('aborted', 'stopped before the miner was asked'));
    let sent = false;
    const outgoing = begin(endpoint, asked);
    if (!outgoing)
      return reject(new MinerFault('unparseable', 'what the miner told cannot be sent back to it'));
    let timer = setTimeout(() => fail('timeout', 'no connection within the deadline'), limits.connectMs);
    const arrived = new Gathered();
    let incoming: IncomingMessage | undefined;
    const settle = () => {
      clearTimeout(timer);
      unheard();
    };
    const fail = (kind: MinerFault['kind'], message: string) => {
      settle();
      outgoing.destroy();
      reject(sent ? new LostAnswer(kind, message) : new MinerFault(kind, message));
    };
    const take = (from: IncomingMessage) => {
      settle();
      resolve({
        status: from.statusCode ?? 0,
        body: arrived.bytes().toString('utf8'),
        header: (name) => from.headersDistinct[name]?.[0],
      });
    };
    /** No more will come. */
    const end = (kind: MinerFault['kind'], message: string) => {
      if (!incoming || answerEnd(arrived.bytes()) === undefined) return fail(kind, message);
      take(incoming);
      outgoing.destroy();
    };
    const unheard = onAbort(signal, () => fail('aborted', 'stopped while the miner was asked'));

    outgoing.once('socket', (socket) =>
      socket.once('connect', () => {
        sent = true;
        clearTimeout(timer);
        timer = setTimeout(() => end('timeout', 'no whole answer within the deadline'), limits.exchangeMs);
      }),
    );
    outgoing.on('error', (error) => {
      if (!sent) {
        settle();
        reject(new NotTaken());
      }
      // More came than its length says: what it says is read.
      else if (incoming?.complete) return;
      else if ('code' in error && String(error.code).startsWith('HPE_'))
        end('unparseable', 'the answer is not HTTP');
      else end('unreachable', 'the connection broke');
    });
    outgoing.once('response', (response) => {
      incoming = response;
      response.on('data', (chunk: Buffer) => {
        if (arrived.length + chunk.length > limits.maxBytes)
          fail('too_large', `the answer exceeds ${limits.maxBytes} bytes`);
        else arrived.add(chunk);
      });
      response.once('error', () => end('unreachable', 'the connection broke'));
      response.once('close', () => {
        if (response.complete) take(response);
        else end('unreachable', 'the connection broke');
      });
    });
    outgoing.end(asked.body);
  });
