import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openCertificateAuthority } from '../../local/iot/certificate-authority.ts';
import { readNetworks } from './public-address.ts';
import { type ResolveHost, resolveTarget } from './resolve-target.ts';
import { sendMessage } from './send-message.ts';
import { signMessage, writeSecret } from './sign-message.ts';
import { startReceiver } from './test-receiver.ts';

const directory = mkdtempSync(join(tmpdir(), 'webhooks-'));
let tls: { key: string; cert: string };
let ca: string;
beforeAll(async () => {
  const authority = await openCertificateAuthority(directory);
  const server = await authority.issueForServer();
  tls = { key: server.privateKeyPem, cert: server.certificatePem };
  ca = authority.certificatePem;
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
const receiver = async (options: Parameters<typeof startReceiver>[0] = {}) => {
  const started = await startReceiver(options);
  closers.push(started.close);
  return started;
};

const loopback = readNetworks('127.0.0.0/8,::1/128');
const sender = (options: { resolve?: ResolveHost; timeoutMs?: number; ca?: string; allowed?: string } = {}) =>
  sendMessage({
    resolve: resolveTarget(
      options.allowed === undefined ? loopback : readNetworks(options.allowed),
      options.resolve,
    ),
    nowMs: () => Date.parse('2026-06-01T00:00:00Z'),
    timeoutMs: options.timeoutMs ?? 5_000,
    ...(options.ca !== undefined && { ca: options.ca }),
  });
const secret = randomBytes(32);
const body = JSON.stringify({ type: 'control.command.completed', data: { note: '矿机' } });
const signed = () => signMessage([secret], 'evt_000000000001', Date.now(), body);

describe('a message', () => {
  it('arrives over TLS byte for byte, and the peer library verifies it', async () => {
    const { url, received } = await receiver({ tls });
    expect(await sender({ ca })(url, body, signed())).toEqual({ outcome: 'response', statusCode: 200 });
    const [one] = received;
    expect(one).toMatchObject({
      path: '/hook',
      body,
      headers: { 'content-type': 'application/json; charset=utf-8', 'webhook-id': 'evt_000000000001' },
    });
    const headers = Object.fromEntries(
      Object.entries(one?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    expect(new Webhook(writeSecret(secret)).verify(one?.body ?? '', headers)).toEqual(JSON.parse(body));
  });

  it('does not go to a server whose certificate nobody trusts', async () => {
    const { url, received } = await receiver({ tls });
    expect(await sender()(url, body, signed())).toEqual({ outcome: 'tls_failed' });
    expect(received).toEqual([]);
  });

  it('does not go to a server that has the certificate of another name', async () => {
    const { port, received } = await receiver({ tls });
    const resolve: ResolveHost = async () => [{ address: '127.0.0.1', family: 4 }];
    const url = `https://hooks.example.com:${port}/`;
    expect(await sender({ ca, resolve })(url, body, signed())).toEqual({ outcome: 'tls_failed' });
    expect(received).toEqual([]);
  });

  it('follows no redirect', async () => {
    const elsewhere = await receiver();
    const { url } = await receiver({
      listener: (_, response) => response.writeHead(307, { location: elsewhere.url }).end(),
    });
    expect(await sender()(url, body, signed())).toEqual({ outcome: 'response', statusCode: 307 });
    expect(elsewhere.connections()).toBe(0);
  });

  it.each([200, 204, 299, 301, 400, 404, 410, 500, 503])('tells the status %i', async (status) => {
    const { url } = await receiver({ answer: () => status });
    expect(await sender()(url, body, signed())).toEqual({ outcome: 'response', statusCode: status });
  });

  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Mon, 01 Jun 2026 00:10:00 GMT', 600_000],
    ['Mon, 01 Jun 2020 00:10:00 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
  ])('tells how long Retry-After %s is', async (text, retryAfterMs) => {
    const { url } = await receiver({
      listener: (_, response) => response.writeHead(503, { 'retry-after': text }).end(),
    });
    const answer = await sender()(url, body, signed());
    if (text === '-5') expect(answer).toMatchObject({ statusCode: 503 });
    else
      expect(answer).toEqual({
        outcome: 'response',
        statusCode: 503,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      });
  });
});

describe('a receiver that misbehaves', () => {
  it('is not waited for beyond the time', async () => {
    const silent = await receiver({ listener: () => {} });
    expect(await sender({ timeoutMs: 200 })(silent.url, body, signed())).toEqual({ outcome: 'timeout' });
  });

  it('is not waited for when it answers in drips', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('x-drip: 1\r\n'), 20);
      socket.on('close', () => clearInterval(drip));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => server.close(() => resolve())));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const answer = await sender({ timeoutMs: 300 })(`http://127.0.0.1:${port}/`, body, signed());
    expect(answer).toEqual({ outcome: 'timeout' });
  });

  it('cannot make the sender read an endless answer', async () => {
    let written = 0;
    let ended: () => void = () => {};
    const cut = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const { url } = await receiver({
      listener: (_, response) => {
        response.writeHead(200);
        const chunk = Buffer.alloc(16 * 1024);
        const write = () => {
          if (response.destroyed) return;
          written += chunk.length;
          if (response.write(chunk)) setImmediate(write);
          else response.once('drain', write);
        };
        response.on('close', ended);
        write();
      },
    });
    expect(await sender()(url, body, signed())).toEqual({ outcome: 'response', statusCode: 200 });
    await cut;
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  it('cannot answer with a head beyond 16 KB', async () => {
    const { url } = await receiver({
      listener: (_, response) => response.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end(),
    });
    expect(await sender()(url, body, signed())).toEqual({ outcome: 'connection_failed' });
  });

  it('may hang up', async () => {
    const { url } = await receiver({ listener: (request) => request.socket.destroy() });
    expect(await sender()(url, body, signed())).toEqual({ outcome: 'connection_failed' });
  });

  it('may not be there', async () => {
    const { url, close } = await receiver();
    await close();
    expect(await sender()(url, body, signed())).toEqual({ outcome: 'connection_failed' });
  });
});

describe('a host', () => {
  const resolving = (...addresses: string[]): ResolveHost & { calls: () => number } => {
    let calls = 0;
    return Object.assign(
      async () => {
        calls++;
        return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      },
      { calls: () => calls },
    );
  };

  it.each([
    [['10.0.0.1']],
    [['169.254.169.254']],
    [['fd00:ec2::254']],
    [['::ffff:127.0.0.1']],
    [['8.8.8.8', '127.0.0.1']],
    [['2606:4700:4700::1111', '::1']],
  ])('that resolves to %j gets nothing', async (addresses) => {
    const { port, connections } = await receiver({ tls });
    const resolve = resolving(...addresses);
    const url = `https://hooks.example.com:${port}/`;
    expect(await sender({ ca, resolve, allowed: '' })(url, body, signed())).toEqual({
      outcome: 'private_address',
    });
    expect(connections()).toBe(0);
  });

  it.each(['https://127.0.0.1:4430/', 'https://[::1]:4430/', 'http://8.8.8.8/', 'http://127.0.0.1/'])(
    'that is named by address, as in %s, is judged likewise',
    async (url) => {
      expect(await sender({ allowed: '' })(url, body, signed())).toEqual({ outcome: 'private_address' });
    },
  );

  it('that resolves to nothing is told so', async () => {
    const resolve: ResolveHost = async () => {
      throw new Error('ENOTFOUND');
    };
    const url = 'https://hooks.example.com/';
    expect(await sender({ resolve })(url, body, signed())).toEqual({ outcome: 'unresolvable' });
    expect(await sender({ resolve: resolving() })(url, body, signed())).toEqual({ outcome: 'unresolvable' });
  });

  it('is resolved once, and the connection goes to what was judged then', async () => {
    const { port, received } = await receiver({ tls });
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    let calls = 0;
    const resolve: ResolveHost = async () =>
      (answers[calls++] ?? []).map((address) => ({ address, family: 4 }));
    const answer = await sender({ ca, resolve })(`https://localhost:${port}/`, body, signed());
    expect([answer.statusCode, calls, received.length]).toEqual([200, 1, 1]);
  });

  it('whose name server is silent is not waited for', async () => {
    const resolve: ResolveHost = () => new Promise(() => {});
    const answer = await sender({ resolve, timeoutMs: 100 })('https://hooks.example.com/', body, signed());
    expect(answer).toEqual({ outcome: 'timeout' });
  });
});
