import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as z from 'zod';
import type { SimulatedSite } from '../site/simulated-site.ts';
import { faultKindText, faultOrder, speedOrder } from './messages.ts';

const maxBodyBytes = 16 * 1024;
const loopback = '127.0.0.1';

type Reply = { readonly status: number; readonly value: unknown };
const ok = (value: unknown): Reply => ({ status: 200, value });
const problem = (status: number, error: string): Reply => ({ status, value: { error } });
const done = ok({ status: 'done' });

/** Serves a site's control API on loopback. Port 0 lets the system choose. Rejects when the port is taken. */
export const serveControl = async (
  site: SimulatedSite,
  port: number,
): Promise<{ url: string; close: () => Promise<void> }> => {
  const server = createServer((request, response) => void handle(site, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, loopback, () => resolve());
  });
  const address = server.address();
  const actual = address && typeof address === 'object' ? address.port : port;
  return {
    url: `http://${loopback}:${actual}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};

const handle = async (site: SimulatedSite, request: IncomingMessage, response: ServerResponse) => {
  const reply = await route(site, request).catch((error: unknown) => {
    if (error instanceof z.ZodError) return problem(400, z.prettifyError(error));
    if (error instanceof RangeError) return problem(404, error.message);
    if (error instanceof SyntaxError) return problem(400, 'the body is not JSON');
    return problem(500, 'the simulator failed');
  });
  response.writeHead(reply.status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(reply.value));
};

const route = async (site: SimulatedSite, request: IncomingMessage): Promise<Reply> => {
  const url = new URL(request.url ?? '/', `http://${loopback}`);
  const [first = '', second, ...rest] = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  if (rest.length > 0) return problem(404, 'no such path');
  const call = `${request.method} /${first}${second === undefined ? '' : '/*'}`;
  if (call === 'GET /health') {
    const { miners, speed } = site.summary();
    return ok({ status: 'ok', miners, speed });
  }
  if (call === 'GET /inventory') return ok({ miners: site.inventory() });
  if (call === 'GET /physical') return ok(site.summary());
  if (call === 'GET /physical/*') return ok(site.physical(second ?? ''));
  if (call === 'POST /faults') {
    const { target, fault } = faultOrder.parse(await bodyOf(request));
    site.inject(target, fault);
    return done;
  }
  if (call === 'DELETE /faults/*') {
    const kind = url.searchParams.get('kind');
    site.clear(second ?? '', kind === null ? undefined : faultKindText.parse(kind));
    return done;
  }
  if (call === 'POST /speed') {
    site.setSpeed(speedOrder.parse(await bodyOf(request)).speed);
    return done;
  }
  return problem(404, 'no such path');
};

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > maxBodyBytes) throw new SyntaxError('too long');
    chunks.push(bytes);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
};
