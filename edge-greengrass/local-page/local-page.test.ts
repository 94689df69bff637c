import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SafetyEvent } from '../../contracts/command.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import { logNothing } from '../log.ts';
import { type LocalServer, startLocalServer } from './local-server.ts';
import { type SiteState, siteState } from './site-state.ts';

const startMs = 1_800_000_000_000;
let nowMs: number;
let site: SiteState;
let server: LocalServer;
let writable: boolean;
const gateway = { siteId: 7, gatewayId: 'gw-7', version: '1.2.3', pollIntervalMs: 60_000, sweepMs: 30_000 };
const spool = { waiting: 3, oldestMs: 90_000, bytes: 4_096, thinnedRows: 5, droppedRows: 0 };
const status = { online: false, waiting: 4, spool, unreachable: 1, sweeps: 1, halted: true };

const serve = (host: string) =>
  startLocalServer({
    host,
    port: 0,
    site,
    gateway: () => gateway,
    status: () => status,
    canWrite: () => writable,
    nowMs: () => nowMs,
    log: logNothing,
  });
beforeEach(async () => {
  nowMs = startMs;
  writable = true;
  site = siteState(() => nowMs);
  server = await serve('127.0.0.1');
});
afterEach(() => server.close());

const ask = (path: string, { method = 'GET', host = '127.0.0.1' } = {}) =>
  new Promise<{ code: number | undefined; type: string | undefined; text: string; policy: string }>(
    (resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port: server.port, path, method, headers: { host: `${host}:${server.port}` } },
        (answer) => {
          let text = '';
          answer.on('data', (chunk) => (text += String(chunk)));
          answer.on('end', () =>
            resolve({
              code: answer.statusCode,
              type: answer.headers['content-type'],
              text,
              policy: String(answer.headers['content-security-policy']),
            }),
          );
        },
      );
      sent.once('error', reject);
      sent.end();
    },
  );
const json = async (path: string) => JSON.parse((await ask(path)).text);
const reading = (minerId: string, state: MinerReading['state'], values = {}): MinerReading => ({
  minerId,
  sampledAtMs: nowMs,
  state,
  values,
});
const event: SafetyEvent = {
  version: 1,
  eventId: 'e-1',
  siteId: 7,
  gatewayId: 'gw-7',
  atMs: startMs,
  kind: 'over_temperature_stop',
  minerId: 'a-1',
  code: 'STOP_ORDERED',
  detail: 'chip at 121 °C, limit 110 °C',
};
const fill = () => {
  site.configure(['a-1', 'a-2', 'b-1', 'b-2'].map((minerId) => ({ minerId, vendor: 'whatsminer' })));
  site.takeReadings(0, [
    reading('a-1', 'hashing', { hashrateThs: 110, powerW: 3_250 }),
    reading('a-2', 'hashing', { hashrateThs: 90, powerW: 3_000 }),
  ]);
  site.takeReadings(1, [reading('b-1', 'unreachable')]);
  site.takeSweep({ asked: 3, unreachable: 1, skipped: 1, tookMs: 1_500 });
  site.takeSafety(event);
};

describe('the local page', () => {
  it('is one file that loads nothing from elsewhere and runs only what it holds', async () => {
    const { code, type, text, policy } = await ask('/');
    expect({ code, type }).toEqual({ code: 200, type: 'text/html; charset=utf-8' });
    expect(text).not.toMatch(/(?:src|href)="(?!data:,")/);
    expect(policy).toMatch(
      /^default-src 'none'; img-src data:; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/,
    );
  });

  it('says every word in both languages', async () => {
    const { text } = await ask('/');
    const table = /const words = (\{[\s\S]*?\n\});/.exec(text)?.[1] ?? '';
    const words: Record<string, object> = new Function(`return ${table}`)();
    const keys = (value: object, path = ''): string[] =>
      Object.entries(value).flatMap(([key, inner]) =>
        typeof inner === 'object' ? keys(inner, `${path}${key}.`) : `${path}${key}`,
      );
    const [en, zh] = [keys(words.en ?? {}), keys(words.zh ?? {})];
    expect(en.length).toBeGreaterThan(40);
    expect(zh).toEqual(en);
    for (const [, key = ''] of text.matchAll(/\bt\('(\w+)'/g)) expect(en, key).toContain(key);
  });

  it('shows line, spool, states by shard, sums, events and halts', async () => {
    fill();
    site.takeLine(true);
    nowMs += 5_000;
    site.takeLine(false);
    site.takeConfig('Configuration: limits.sockets Invalid input');
    const shown = await json('/api/site');
    expect(shown).toMatchObject({
      gateway,
      line: { up: false, sinceMs: startMs + 5_000 },
      halted: true,
      waiting: 4,
      spool,
      configured: 4,
      unheard: 1,
      lastSweep: { asked: 3, unreachable: 1, skipped: 1, tookMs: 1_500, endedAtMs: startMs },
      configFault: { reason: 'Configuration: limits.sockets Invalid input' },
      safety: [{ kind: 'over_temperature_stop', code: 'STOP_ORDERED', minerId: 'a-1' }],
    });
    expect(shown.shards).toMatchObject([
      { shard: 0, miners: 2, hashrateThs: 200, powerW: 6_250, states: { hashing: 2, unreachable: 0 } },
      { shard: 1, miners: 1, hashrateThs: 0, powerW: 0, states: { hashing: 0, unreachable: 1 } },
    ]);
  });

  it('finds readings by id, state and shard, in order, and refuses what it does not understand', async () => {
    fill();
    const ids = async (query: string) => {
      const { total, rows } = await json(`/api/readings?${query}`);
      return { total, ids: rows.map(({ minerId }: MinerReading) => minerId) };
    };
    expect(await ids('')).toEqual({ total: 3, ids: ['a-1', 'a-2', 'b-1'] });
    expect(await ids('limit=1')).toEqual({ total: 3, ids: ['a-1'] });
    expect(await ids('text=A-')).toEqual({ total: 2, ids: ['a-1', 'a-2'] });
    expect(await ids('state=unreachable')).toEqual({ total: 1, ids: ['b-1'] });
    expect(await ids('shard=1')).toEqual({ total: 1, ids: ['b-1'] });
    expect((await ask('/api/readings?state=odd')).code).toBe(400);
    expect((await ask('/api/readings?limit=100000')).code).toBe(400);
  });

  it('says what error codes mean, in both languages', async () => {
    fill();
    site.takeReadings(0, [{ ...reading('a-1', 'fault'), errorCodes: ['110', 'no such code'] }]);
    const { rows } = await json('/api/readings?text=a-1');
    expect(rows[0].errors[0].en).toMatch(/^110 \(.*fan.*\)$/i);
    expect(rows[0].errors[0].zh).toMatch(/^110（.*风扇.*）$/);
    expect(rows[0].errors[1]).toEqual({ en: 'no such code', zh: 'no such code' });
  });

  it('forgets miners that are configured no more', async () => {
    fill();
    site.configure([{ minerId: 'a-2', vendor: 'whatsminer' }]);
    expect(await json('/api/readings')).toMatchObject({ total: 1, rows: [{ minerId: 'a-2' }] });
  });

  it('is for reading only, and only under names of its own', async () => {
    expect((await ask('/api/site', { method: 'POST' })).code).toBe(405);
    expect((await ask('/', { host: 'attacker.example' })).code).toBe(421);
    expect((await ask('/', { host: 'localhost' })).code).toBe(200);
    expect((await ask('/nothing')).code).toBe(404);
  });
});

it('answers to addresses and to no foreign name where it listens everywhere', async () => {
  await server.close();
  server = await serve('0.0.0.0');
  expect((await ask('/', { host: '192.0.2.7' })).code).toBe(200);
  expect((await ask('/', { host: 'attacker.example' })).code).toBe(421);
});

describe('health', () => {
  it('is good without a line, and bad when sweeps stop or the disk takes nothing', async () => {
    fill();
    expect(await json('/healthz')).toEqual({
      healthy: true,
      version: '1.2.3',
      startedAtMs: startMs,
      sweeps: 1,
      line: false,
      polling: true,
      state: true,
    });
    writable = false;
    expect((await ask('/healthz')).code).toBe(503);
    writable = true;
    nowMs += 3 * 60_000 + 2 * 30_000 + 1;
    expect(await ask('/healthz')).toMatchObject({
      code: 503,
      text: expect.stringContaining('"polling":false'),
    });
  });
});

describe('metrics', () => {
  it('are Prometheus text: every family has help and type, every line a number', async () => {
    fill();
    const { type, text } = await ask('/metrics');
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    const families = new Set<string>();
    for (const line of text.trimEnd().split('\n')) {
      const [, kind, name = ''] = /^# (HELP|TYPE) (\S+) \S/.exec(line) ?? [];
      if (kind === 'TYPE') families.add(name);
      if (kind) continue;
      const sample = /^([a-z0-9_]+)(?:\{(?:[a-z]+="[^"]*",?)+\})? (-?\d[\d.e+-]*)$/.exec(line);
      expect(sample, line).not.toBeNull();
      const base = sample?.[1]?.replace(/_(bucket|sum|count)$/, '') ?? '';
      expect(families.has(base) || families.has(sample?.[1] ?? ''), line).toBe(true);
    }
    for (const line of [
      'hashinsight_edge_line_up 0',
      'hashinsight_edge_halted 1',
      'hashinsight_edge_miners{shard="0",state="hashing"} 2',
      'hashinsight_edge_hashrate_ths{shard="0"} 200',
      'hashinsight_edge_sweep_seconds_bucket{le="1"} 0',
      'hashinsight_edge_sweep_seconds_bucket{le="2"} 1',
      'hashinsight_edge_sweep_seconds_bucket{le="+Inf"} 1',
      'hashinsight_edge_asks_total{result="answered"} 2',
      'hashinsight_edge_safety_events_total{kind="over_temperature_stop"} 1',
      'hashinsight_edge_info{site="7",gateway="gw-7",version="1.2.3",node="',
    ])
      expect(text).toContain(line);
    expect(text).not.toContain('a-1');
  });
});
