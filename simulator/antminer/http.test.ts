import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ask, converse, type ManualSite, startManualSite } from '../test-support.ts';

let site: ManualSite;
beforeEach(async () => {
  site = await startManualSite();
});
afterEach(() => site.close());

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const nonceIn = (header: string | null) => /nonce="([^"]+)"/.exec(header ?? '')?.[1] ?? '';

type Call = {
  method?: string;
  body?: string;
  password?: string;
  username?: string;
  uri?: string;
  nonce?: string;
  qop?: string;
};

/** Digest as RFC 2617 writes it down, step by step. */
const call = async (port: number, page: string, options: Call = {}) => {
  const method = options.method ?? 'GET';
  const uri = `/cgi-bin/${page}.cgi`;
  const url = `http://127.0.0.1:${port}${uri}`;
  const body = options.body === undefined ? {} : { body: options.body };
  const first = await fetch(url, { method });
  await first.arrayBuffer();
  expect(first.status).toBe(401);
  const nonce = options.nonce ?? nonceIn(first.headers.get('www-authenticate'));
  const ha1 = md5(`${options.username ?? 'root'}:antMiner Configuration:${options.password ?? 'root'}`);
  const ha2 = md5(`${method}:${options.uri ?? uri}`);
  const response = md5(`${ha1}:${nonce}:00000001:0a4f113b:auth:${ha2}`);
  const authorization =
    `Digest username="${options.username ?? 'root'}", realm="antMiner Configuration", nonce="${nonce}", uri="${options.uri ?? uri}", ` +
    `qop=${options.qop ?? 'auth'}, nc=00000001, cnonce="0a4f113b", response="${response}"`;
  return fetch(url, { method, ...body, headers: { authorization } });
};

describe('digest authentication', () => {
  it('asks for it with the realm that miners have', async () => {
    const { httpPort = 0 } = site.one('Antminer S19');
    const response = await fetch(`http://127.0.0.1:${httpPort}/`);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(
      /^Digest realm="antMiner Configuration", nonce="[^"]+", qop="auth"$/,
    );
  });

  it('lets the right login in', async () => {
    const { httpPort = 0, serialNumber } = site.one('Antminer S21');
    const response = await call(httpPort, 'get_system_info');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ minertype: 'Antminer S21', serinum: serialNumber });
  });

  it.each<[string, Call]>([
    ['password', { password: 'toor' }],
    ['user', { username: 'admin' }],
    ['uri', { uri: '/cgi-bin/other.cgi' }],
    ['quality of protection', { qop: 'auth-int' }],
  ])('keeps a wrong %s out', async (_what, wrong) => {
    const { httpPort = 0 } = site.one('Antminer S19');
    expect((await call(httpPort, 'get_system_info', wrong)).status).toBe(401);
  });

  it('calls a nonce stale that is old or not its own', async () => {
    const { httpPort = 0 } = site.one('Antminer S19');
    const own = nonceIn((await fetch(`http://127.0.0.1:${httpPort}/`)).headers.get('www-authenticate'));
    site.clock.nowMs += 11 * 60_000;
    for (const nonce of [own, 'feed:0000', '']) {
      const response = await call(httpPort, 'get_system_info', { nonce });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain('stale=true');
    }
  });
});

describe('the configuration', () => {
  const read = async (port: number) =>
    z.record(z.string(), z.unknown()).parse(await (await call(port, 'get_miner_conf')).json());
  const write = async (port: number, configuration: unknown) =>
    (await call(port, 'set_miner_conf', { method: 'POST', body: JSON.stringify(configuration) })).json();

  it('goes to sleep by a whole-configuration write, answers strings, and wakes up again', async () => {
    const { httpPort = 0, minerId, rpcPort } = site.one('Antminer S19');
    const configuration = await read(httpPort);
    expect(configuration).toMatchObject({
      'miner-mode': '0',
      'bitmain-work-mode': '0',
      'bitmain-fan-ctrl': false,
    });
    expect(await write(httpPort, { ...configuration, 'miner-mode': 1 })).toEqual({
      stats: 'success',
      code: 'M000',
      msg: 'OK!',
    });
    expect(await read(httpPort)).toMatchObject({ 'miner-mode': '1', 'bitmain-work-mode': '1' });
    expect((await converse(rpcPort, ['{"command":"stats"}'])).ended).toBe('reset');
    site.pass(60);
    const asleep = site.physical(minerId);
    expect(asleep).toMatchObject({ phase: 'off', hashing: false, hashrateThs: 0 });
    expect(asleep.powerW).toBeLessThan(120);
    expect(JSON.parse(await ask(rpcPort, '{"command":"stats"}')).STATS).toHaveLength(1);
    expect(JSON.parse(await ask(rpcPort, '{"command":"summary"}')).SUMMARY).toEqual([]);
    await write(httpPort, { ...(await read(httpPort)), 'miner-mode': '0' });
    site.pass(200);
    expect(site.physical(minerId)).toMatchObject({ phase: 'hashing', hashing: true });
  });

  it('loses what a write leaves out, the pools too', async () => {
    const { httpPort = 0, minerId } = site.one('Antminer S19');
    await write(httpPort, { 'bitmain-fan-ctrl': true, 'bitmain-fan-pwm': 100 });
    expect(await read(httpPort)).toEqual({ pools: [], 'bitmain-fan-ctrl': true, 'bitmain-fan-pwm': '100' });
    site.pass(300);
    expect(site.physical(minerId)).toMatchObject({
      hashing: false,
      hashrateThs: 0,
      activePool: -1,
      fanDutyPct: 100,
    });
  });

  it('takes a mode only under the name that the firmware writes', async () => {
    const { httpPort = 0 } = site.one('Antminer S19');
    const { 'miner-mode': _mode, ...rest } = await read(httpPort);
    expect(await write(httpPort, { ...rest, 'bitmain-work-mode': '1' })).toMatchObject({ stats: 'success' });
    site.pass(60);
    expect(site.physical(site.one('Antminer S19').minerId).phase).not.toBe('off');
  });

  it.each([
    ['2', 1.02],
    ['3', 0.7],
  ])('mode %s changes the hashrate', async (mode, least) => {
    const { httpPort = 0, minerId, ratedHashrateThs } = site.one('Antminer S21');
    await write(httpPort, { ...(await read(httpPort)), 'miner-mode': mode });
    site.pass(300);
    const share = site.physical(minerId).hashrateThs / ratedHashrateThs;
    expect(share).toBeGreaterThan(least);
    expect(share).toBeLessThan(least + 0.12);
  });

  it.each(['', '[]', '{"pools":7}', '{"miner-mode":"9"}', '{"bitmain-freq":"-1"}', 'x'.repeat(100)])(
    'refuses %j and keeps what it has',
    async (body) => {
      const { httpPort = 0 } = site.one('Antminer S19');
      const before = await read(httpPort);
      expect(await (await call(httpPort, 'set_miner_conf', { method: 'POST', body })).json()).toMatchObject({
        stats: 'error',
      });
      expect(await read(httpPort)).toEqual(before);
    },
  );

  it('answers with its error when it refuses writes, and without one when the answer is lost', async () => {
    const { httpPort = 0, minerId } = site.one('Antminer S19');
    const configuration = await read(httpPort);
    site.inject(minerId, { kind: 'refuses_writes' });
    expect(await write(httpPort, { ...configuration, 'miner-mode': 1 })).toMatchObject({
      stats: 'error',
      code: 'M001',
    });
    expect((await call(httpPort, 'reboot')).status).toBe(403);
    site.pass(30);
    expect(site.physical(minerId).phase).toBe('hashing');
  });
});

it('blinks and says so', async () => {
  const { httpPort = 0, minerId } = site.one('Antminer S19');
  for (const [body, code] of [
    ['{"blink":"true"}', 'B000'],
    ['blink=false', 'B100'],
    ['{"blink":true}', 'B000'],
    ['{"blink":"perhaps"}', 'B001'],
  ])
    expect(await (await call(httpPort, 'blink', { method: 'POST', body: body ?? '' })).json()).toEqual({
      code,
    });
  expect(await (await call(httpPort, 'get_blink_status')).json()).toEqual({ blink: true });
  expect(site.physical(minerId).ledOn).toBe(true);
});

it('is away while it reboots and starts its counters again', async () => {
  const { httpPort = 0, rpcPort, minerId } = site.one('Antminer S21');
  expect((await call(httpPort, 'reboot', { method: 'POST' })).status).toBe(200);
  expect(site.physical(minerId).phase).toBe('rebooting');
  expect((await converse(rpcPort, ['version'])).ended).toBe('reset');
  await expect(fetch(`http://127.0.0.1:${httpPort}/`)).rejects.toThrow();
  site.pass(45);
  expect(site.physical(minerId)).toMatchObject({ phase: 'booting', acceptedShares: 0 });
  expect(JSON.parse(await ask(rpcPort, '{"command":"summary"}')).SUMMARY[0]['GHS 5s']).toBe(0);
  site.pass(120);
  expect(site.physical(minerId)).toMatchObject({ phase: 'hashing', hashing: true });
});

it('knows its pages and no others', async () => {
  const { httpPort = 0 } = site.one('Antminer S19');
  expect((await call(httpPort, 'constructor')).status).toBe(404);
  expect((await call(httpPort, 'upgrade')).status).toBe(404);
  const stats = z
    .object({ STATS: z.tuple([z.object({ fan: z.array(z.number()) })]) })
    .parse(await (await call(httpPort, 'stats')).json());
  expect(stats.STATS[0].fan).toHaveLength(4);
  const pools = z
    .object({ POOLS: z.array(z.object({ status: z.string() })) })
    .parse(await (await call(httpPort, 'pools')).json());
  expect(pools.POOLS.map((pool) => pool.status)).toEqual(['Alive', 'Alive', 'Alive']);
  expect((await call(httpPort, 'set_miner_conf', { method: 'POST', body: 'x'.repeat(70_000) })).status).toBe(
    413,
  );
});
