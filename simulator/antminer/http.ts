import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import * as z from 'zod';
import { firmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { deliver } from '../wire/deliver.ts';
import type { AntminerConfiguration } from './configuration.ts';
import { type Credentials, DigestGate } from './digest.ts';
import { newApiPages, newApiReport } from './new-api-reports.ts';
import { networkInfo, systemInfo } from './system-info.ts';

const maxBodyBytes = 64 * 1024;
/** Beyond this a body is not even read to its end. */
const hopelessBytes = 1024 * 1024;

/** One Antminer behind the shared HTTP server. */
export type AntminerHost = {
  readonly miner: SimulatedMiner;
  readonly configuration: AntminerConfiguration;
  readonly login: Credentials;
};

type Reply = {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
  readonly headers?: Record<string, string>;
};
const json = (value: unknown): Reply => ({
  status: 200,
  body: JSON.stringify(value),
  type: 'application/json',
});
const page = (status: number, title: string): Reply => ({
  status,
  body: `<?xml version="1.0" encoding="iso-8859-1"?>\n<html><head><title>${status} - ${title}</title></head><body><h1>${status} - ${title}</h1></body></html>\n`,
  type: 'text/html',
});

/** What a page does. `done` runs after the answer is on its way. */
type Outcome = Reply & { readonly done?: () => void; readonly write?: boolean };
type Page = (host: AntminerHost, request: IncomingMessage, body: string) => Outcome;

/**
 * The web server of every Antminer of a site: one HTTP parser for all, told by the connection which miner it speaks for.
 */
export class AntminerHttp {
  readonly #server: Server;
  readonly #gate: DigestGate;
  readonly #nowMs: () => number;
  readonly #hosts = new WeakMap<Socket, AntminerHost>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#gate = new DigestGate(nowMs);
    this.#server = createServer((request, response) => void this.#handle(request, response));
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** Takes over a connection to a miner's HTTP port. */
  serve(socket: Socket, host: AntminerHost) {
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
      if (!socket.destroyed) this.#send(host, socket, response, page(413, 'Payload Too Large'));
      return;
    }
    const verdict = this.#gate.judge(
      request.headers.authorization,
      { method: request.method ?? '', url: request.url ?? '' },
      host.login,
    );
    if (verdict !== 'accepted') {
      const headers = { 'WWW-Authenticate': this.#gate.challenge(verdict === 'stale') };
      this.#send(host, socket, response, { ...page(401, 'Unauthorized'), headers });
      return;
    }
    const outcome = this.#answer(host, request, body);
    if (outcome.write && host.miner.has('lost_answers')) {
      outcome.done?.();
      return;
    }
    this.#send(host, socket, response, outcome);
    outcome.done?.();
  }

  #answer(host: AntminerHost, request: IncomingMessage, body: string): Outcome {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const name = /^\/cgi-bin\/(\w+)\.cgi$/.exec(path)?.[1] ?? '';
    const report = newApiPages.find((known) => known === name);
    if (report) {
      const view = firmwareView(host.miner);
      return json(
        newApiReport(report, host.miner, view, Math.floor(this.#nowMs() / 1000), host.configuration.mode),
      );
    }
    const answer = Object.hasOwn(pages, name) ? pages[name] : undefined;
    return answer ? answer(host, request, body) : page(404, 'Not Found');
  }

  #send(host: AntminerHost, socket: Socket, response: ServerResponse, reply: Reply) {
    const bytes = Buffer.from(reply.body, 'utf8');
    const trouble = host.miner.wireTrouble;
    response.writeHead(reply.status, {
      'Content-Type': reply.type ?? 'text/html',
      'Content-Length': bytes.length,
      Server: 'lighttpd/1.4.32',
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

const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const setConfiguration: Page = ({ miner, configuration }, request, body) => {
  if (request.method !== 'POST')
    return { ...json({ stats: 'error', code: 'M002', msg: 'Method not allowed' }), write: true };
  if (miner.has('refuses_writes')) return json({ stats: 'error', code: 'M001', msg: 'Permission denied!' });
  const change = configuration.write(asJson(body));
  if (!change) return json({ stats: 'error', code: 'M001', msg: 'Invalid configuration!' });
  return {
    ...json({ stats: 'success', code: 'M000', msg: 'OK!' }),
    write: true,
    done: () => {
      miner.set(change);
      miner.restartProcess();
    },
  };
};

const blinkBody = z.object({ blink: z.union([z.boolean(), z.string()]) });

const blink: Page = ({ miner }, request, body) => {
  const form = /^\s*blink=(true|false)\s*$/.exec(body)?.[1];
  const parsed = blinkBody.safeParse(form === undefined ? asJson(body) : { blink: form });
  const wanted = parsed.success ? String(parsed.data.blink) : '';
  if (request.method !== 'POST' || (wanted !== 'true' && wanted !== 'false') || miner.has('refuses_writes'))
    return json({ code: 'B001' });
  return {
    ...json({ code: wanted === 'true' ? 'B000' : 'B100' }),
    write: true,
    done: () => miner.set({ ledOn: wanted === 'true' }),
  };
};

const reboot: Page = ({ miner }) =>
  miner.has('refuses_writes')
    ? page(403, 'Forbidden')
    : { ...json({ stats: 'success', code: 'R000', msg: 'OK!' }), write: true, done: () => miner.reboot() };

const pages: Record<string, Page> = {
  get_system_info: ({ miner }) => json(systemInfo(miner)),
  get_network_info: ({ miner }) => json(networkInfo(miner)),
  miner_type: ({ miner }) =>
    miner.identity.model === 'Antminer S21'
      ? json({
          miner_type: miner.identity.model,
          subtype: 'NBP1901_BHB68601',
          fw_version: systemInfo(miner).system_filesystem_version,
        })
      : page(404, 'Not Found'),
  get_miner_conf: ({ configuration }) => json(configuration.read()),
  get_blink_status: ({ miner }) => json({ blink: miner.settings.ledOn }),
  set_miner_conf: setConfiguration,
  blink,
  reboot,
};
