import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ask, converse, type ManualSite, startManualSite } from '../test-support.ts';

let site: ManualSite;
beforeAll(async () => {
  site = await startManualSite();
});
afterAll(() => site.close());

const within =
  <T>(fault: Parameters<ManualSite['inject']>[1], body: (port: number, httpPort: number) => Promise<T>) =>
  async () => {
    const { minerId, rpcPort, httpPort = 0 } = site.one('Antminer S19');
    const whole = await ask(rpcPort, '{"command":"summary"}');
    site.inject(minerId, fault);
    await body(rpcPort, httpPort);
    site.clear(minerId);
    await vi.waitFor(async () => expect(await ask(rpcPort, '{"command":"summary"}')).toBe(whole), 5000);
  };

const summary = ['{"command":"summary"}'];

describe('spoilt answers', () => {
  it(
    'garbage is not JSON',
    within({ kind: 'garbage' }, async (rpc, http) => {
      for (const [port, request] of [
        [rpc, summary],
        [http, ['GET / HTTP/1.1\r\nHost: x\r\n\r\n']],
      ] as const) {
        const { bytes, ended } = await converse(port, request);
        expect(bytes).toHaveLength(96);
        expect(ended).toBe('end');
      }
    }),
  );

  it(
    'half an answer ends in its middle',
    within({ kind: 'half_answer' }, async (rpc, http) => {
      const { bytes, ended } = await converse(rpc, summary);
      expect(ended).toBe('end');
      expect(bytes.toString()).toMatch(/^\{"STATUS"/);
      expect(bytes.includes(0)).toBe(false);
      const page = (await converse(http, ['GET / HTTP/1.1\r\nHost: x\r\n\r\n'])).bytes.toString();
      const length = Number(/content-length: (\d+)/i.exec(page)?.[1]);
      expect(page.split('\r\n\r\n')[1]?.length).toBe(Math.floor(length / 2));
    }),
  );

  it(
    'a slow drip gives a byte now and then',
    within({ kind: 'slow_drip' }, async (rpc) => {
      const { bytes, ended } = await converse(rpc, summary, { until: (received) => received.length >= 2 });
      expect(ended).toBe('timeout');
      expect(bytes.toString()).toMatch(/^\{"/);
      expect(bytes.length).toBeLessThan(10);
    }),
  );

  it(
    'silence says nothing and does not hang up',
    within({ kind: 'silence' }, async (rpc, http) => {
      for (const port of [rpc, http])
        expect(await converse(port, ['{"command":"summary"}'], { patienceMs: 200 })).toEqual({
          bytes: Buffer.alloc(0),
          ended: 'timeout',
        });
    }),
  );

  it(
    'a lost network refuses connections, and comes back at the same port',
    within({ kind: 'network_loss' }, async (rpc, http) => {
      await vi.waitFor(async () => {
        for (const port of [rpc, http])
          await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
            cause: { code: 'ECONNREFUSED' },
          });
      });
    }),
  );

  it(
    'a black hole takes the connection only',
    within({ kind: 'network_loss', how: 'blackhole' }, async (rpc) => {
      expect((await converse(rpc, summary, { patienceMs: 200 })).ended).toBe('timeout');
    }),
  );
});

it('survives whatever it is sent, on every port', async () => {
  const ports = site
    .inventory()
    .flatMap((entry) => [entry.rpcPort, ...(entry.httpPort ? [entry.httpPort] : [])]);
  const fragment = fc.oneof(
    fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .constantFrom(
        '{"command":"stats"',
        '{"cmd":',
        '{"enc":1,"data":"',
        'GET /cgi-bin/',
        '\r\n\r\n',
        '\0',
        '|',
        '+',
        'Authorization: Digest nonce=',
      )
      .map((text) => Buffer.from(text)),
    fc
      .record({ cmd: fc.string(), command: fc.anything() })
      .map((value) => Buffer.from(JSON.stringify(value) ?? '')),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fragment, { minLength: 1, maxLength: 4 }),
      fc.nat(1000),
      async (chunks, pick) => {
        const port = ports[pick % ports.length] ?? 0;
        await converse(port, chunks, { patienceMs: 150, halfClose: true, until: () => true });
      },
    ),
    { numRuns: 300 },
  );
  for (const model of [
    'Antminer S19',
    'Antminer S19 Pro',
    'Antminer S21',
    'Whatsminer M50',
    'Whatsminer M60',
  ] as const)
    expect(await ask(site.one(model).rpcPort, '{"command":"summary"}')).toContain('"Elapsed"');
});
