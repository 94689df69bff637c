import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import { minerStates } from '../../contracts/reading.ts';
import type { Log } from '../log.ts';
import { loopDelay, metricsText } from './metrics.ts';
import type { SiteState } from './site-state.ts';
import { findReadings, type GatewayFacts, type GatewayStatus, healthOf, siteView } from './site-view.ts';

type Deps = {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly site: SiteState;
  readonly gateway: () => GatewayFacts;
  readonly status: () => GatewayStatus;
  /** Whether the state file takes a write just now. */
  readonly canWrite: () => boolean;
  readonly nowMs: () => number;
  readonly log: Log;
};

const query = z.object({
  text: z.string().max(64).optional(),
  state: z.enum(minerStates).optional(),
  shard: z.coerce.number().int().nonnegative().optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});

const html = 'text/html; charset=utf-8';
const json = 'application/json; charset=utf-8';

/** Beside this file: in the sources, and where build.ts puts it beside the bundle. */
const readPage = () => {
  const page = readFileSync(join(import.meta.dirname, 'page.html'), 'utf8');
  const hashes = (tag: 'script' | 'style') =>
    [...page.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))]
      .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
      .join(' ');
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `script-src ${hashes('script')}`,
    `style-src ${hashes('style')}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { page, policy };
};

/** The name without its port: a page elsewhere that resolves its own name to this machine is not let in. */
const hostOf = ({ headers }: IncomingMessage) => (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();

/**
 * Health, metrics and the local page over HTTP, for reading only. Listens on loopback unless told otherwise, and answers only to
 * loopback's names and to the address it listens on, to any address (and no name) where it listens everywhere. Rejects where the port is taken.
 */
export const startLocalServer = async (deps: Deps) => {
  const { host, port, site, gateway, status, canWrite, nowMs, log } = deps;
  const { page, policy } = readPage();
  const lag = loopDelay();
  const names = new Set(['localhost', '127.0.0.1', '[::1]', isIP(host) === 6 ? `[${host}]` : host]);
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const isOurs = (name: string) =>
    names.has(name) || (isEverywhere && isIP(name.replace(/^\[|\]$/g, '')) !== 0);

  const reply = (response: ServerResponse, code: number, type: string, body: string, more = {}) =>
    response
      .writeHead(code, {
        'content-type': type,
        'content-length': Buffer.byteLength(body),
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        ...more,
      })
      .end(body);
  const asJson = (response: ServerResponse, value: unknown, code = 200) =>
    reply(response, code, json, JSON.stringify(value));

  const routes: Readonly<Record<string, (response: ServerResponse, url: URL) => void>> = {
    '/': (response) => reply(response, 200, html, page, { 'content-security-policy': policy }),
    '/healthz': (response) => {
      const health = healthOf(site, gateway(), { online: status().online, writable: canWrite() }, nowMs());
      asJson(response, health, health.healthy ? 200 : 503);
    },
    '/metrics': (response) =>
      reply(
        response,
        200,
        'text/plain; version=0.0.4; charset=utf-8',
        metricsText(site, gateway(), status(), lag()),
      ),
    '/api/site': (response) => asJson(response, siteView(site, gateway(), status(), nowMs())),
    '/api/readings': (response, url) => {
      const wanted = query.safeParse(Object.fromEntries(url.searchParams));
      if (!wanted.success) return asJson(response, { error: z.prettifyError(wanted.error) }, 400);
      asJson(response, findReadings(site, wanted.data));
    },
  };

  const server = createServer(
    { requestTimeout: 5_000, headersTimeout: 5_000, keepAliveTimeout: 5_000, maxHeaderSize: 8 * 1024 },
    (request, response) => {
      try {
        const url = new URL(request.url ?? '/', 'http://localhost');
        const route = routes[url.pathname];
        if (!isOurs(hostOf(request))) return reply(response, 421, json, '{"error":"not this host"}');
        if (request.method !== 'GET' && request.method !== 'HEAD')
          return reply(response, 405, json, '{"error":"for reading only"}', { allow: 'GET, HEAD' });
        if (!route) return reply(response, 404, json, '{"error":"not found"}');
        route(response, url);
      } catch (error) {
        log('error', 'local_page', { reason: error instanceof Error ? error.name : 'unknown' });
        if (response.headersSent) response.destroy();
        else reply(response, 500, json, '{"error":"something failed"}');
      }
    },
  );
  server.maxConnections = 32;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', () => log('error', 'local_page', { reason: 'server' }));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
export type LocalServer = Awaited<ReturnType<typeof startLocalServer>>;
