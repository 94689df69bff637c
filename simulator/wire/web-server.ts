import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { deliver } from './deliver.ts';

const maxBodyBytes = 64 * 1024;
/** Beyond this a body is not even read to its end. */
const hopelessBytes = 1024 * 1024;

export type WebRequest = {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** What a page does. `done` runs after the answer is on its way; the answer of a `write` may be lost. */
export type WebReply = {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly done?: () => void;
  readonly write?: boolean;
  /** The page works for so long before it answers, milliseconds of wall time. */
  readonly afterMs?: number;
};

/** One miner behind the shared HTTP server. */
export type WebHost = {
  readonly miner: SimulatedMiner;
  readonly answer: (request: WebRequest) => WebReply;
  /** The Server header, where the firmware sends one. */
  readonly server?: string;
  /** What is said of a body that is too large. */
  readonly tooLarge?: WebReply;
};

export const jsonReply = (value: unknown, status = 200): WebReply => ({
  status,
  body: JSON.stringify(value),
  type: 'application/json',
});

/** The JSON of a body, or undefined. */
export const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The web server of every miner of a site: one HTTP parser for all, told by the connection which miner it speaks for. */
export class WebServer {
  readonly #server: Server;
  readonly #hosts = new WeakMap<Socket, WebHost>();

  constructor() {
    this.#server = createServer((request, response) => void this.#handle(request, response));
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** Takes over a connection to a miner's HTTP port. */
  serve(socket: Socket, host: WebHost) {
    const trouble = host.miner.wireTrouble;
    socket.on('error', () => socket.destroy());
    if (trouble === 'silence' || trouble === 'blackhole') {
      socket.resume();
      return;
    }
    if (trouble === 'garbage') {
      socket.once('data', () => deliver(socket, Buffer.alloc(0), trouble, true));
      return;
    }
    this.#hosts.set(socket, host);
    this.#server.emit('connection', socket);
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse) {
    // Kept, because Node takes it off a request that was not read to its end.
    const { socket } = request;
    const host = this.#hosts.get(socket);
    if (!host?.miner.answers) {
      socket.resetAndDestroy();
      return;
    }
    const body = await readBody(request);
    if (body === undefined) {
      if (!socket.destroyed)
        this.#send(host, socket, response, host.tooLarge ?? { status: 413, body: 'Payload Too Large' });
      return;
    }
    const url = request.url ?? '';
    const reply = host.answer({
      method: request.method ?? '',
      url,
      path: url.split('?')[0] ?? '',
      headers: request.headers,
      body,
    });
    if (reply.write && host.miner.has('lost_answers')) {
      reply.done?.();
      return;
    }
    if (reply.afterMs === undefined) this.#send(host, socket, response, reply);
    else
      setTimeout(() => {
        if (!socket.destroyed) this.#send(host, socket, response, reply);
      }, reply.afterMs).unref();
    reply.done?.();
  }

  #send(host: WebHost, socket: Socket, response: ServerResponse, reply: WebReply) {
    const bytes = Buffer.from(reply.body, 'utf8');
    const trouble = host.miner.wireTrouble;
    response.writeHead(reply.status, {
      'Content-Type': reply.type ?? 'text/html',
      'Content-Length': bytes.length,
      ...(host.server !== undefined && { Server: host.server }),
      ...reply.headers,
    });
    if (trouble === undefined) {
      response.end(bytes);
      return;
    }
    response.flushHeaders();
    deliver(socket, bytes, trouble, true);
  }
}

const readBody = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length > hopelessBytes) return undefined;
      if (length <= maxBodyBytes) chunks.push(bytes);
    }
  } catch {
    return undefined;
  }
  return length > maxBodyBytes ? undefined : Buffer.concat(chunks).toString('utf8');
};
