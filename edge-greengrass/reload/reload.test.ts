import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayConfigInput, parseGatewayConfig } from '../config.ts';
import { logNothing } from '../log.ts';
import { keyId, secret } from '../test-kit/envelopes.ts';
import { place } from '../test-kit/memory-bus.ts';
import { until } from '../test-kit/until.ts';
import { keepRunning } from './keep-running.ts';
import { planChange } from './plan-change.ts';
import { watchConfig } from './watch-config.ts';

const configWith = (changes: Partial<GatewayConfigInput> = {}) =>
  parseGatewayConfig({ ...place, hmacKeys: [{ keyId, secret }], ...changes });
const before = configWith();

describe('what a change means', () => {
  it.each<[string, Partial<GatewayConfigInput>, Partial<ReturnType<typeof planChange>>]>([
    ['nothing', {}, { fields: [], restartsAgent: false }],
    ['the interval', { pollIntervalMs: 10_000 }, { fields: ['pollIntervalMs'], restartsAgent: false }],
    [
      'how sweeps go',
      { limits: { sweepMs: 5_000, spreadPct: 0, fullReadEverySweeps: 2, maxBackoffMs: 60_000 } },
      { restartsAgent: false, restartsPage: false },
    ],
    ['a bound', { limits: { sockets: 64 } }, { fields: ['limits.sockets'], restartsAgent: true }],
    [
      'a miner',
      { miners: [{ minerId: 'm-1', vendor: 'antminer', host: '10.0.0.1' }] },
      { fields: ['miners'], restartsAgent: true },
    ],
    ['the page', { local: { port: 9_000 } }, { fields: ['local'], restartsAgent: false, restartsPage: true }],
    ['another gateway', { gatewayId: 'gw-8' }, { refused: ['gatewayId'] }],
    ['another site', { siteId: 8 }, { refused: ['siteId'] }],
  ])('%s', (_, changes, plan) => {
    expect(planChange(before, configWith(changes))).toMatchObject(plan);
  });
});

describe('a running gateway', () => {
  const told: string[] = [];
  let broken: ((config: typeof before) => boolean) | undefined;
  const start = async ({ config }: { config: typeof before }) => {
    const name = `every ${config.limits.sockets} sockets`;
    if (broken?.(config)) throw new Error('Configuration: limits.sockets does not start');
    told.push(`start ${name}`);
    return {
      tune: (next: typeof before) => void told.push(`tune ${next.pollIntervalMs}`),
      stop: async () => void told.push(`stop ${name}`),
    };
  };
  const refused: string[] = [];
  const taken: boolean[] = [];
  const open = () =>
    keepRunning({
      first: { config: before },
      start,
      log: logNothing,
      onTaken: async (_, page) => void taken.push(page),
      onRefused: (reason) => void refused.push(reason),
    });
  beforeEach(() => {
    for (const list of [told, refused, taken]) list.length = 0;
    broken = undefined;
  });
  const reading = (changes: Partial<GatewayConfigInput>) => async () => ({ config: configWith(changes) });

  it('goes on as it is where nothing changed, tunes where it can, and restarts where it must', async () => {
    const running = await open();
    await running.reload(reading({}));
    await running.reload(reading({ pollIntervalMs: 5_000 }));
    await running.reload(reading({ pollIntervalMs: 5_000, local: {} }));
    await running.reload(reading({ limits: { sockets: 64 } }));
    expect(told).toEqual([
      'start every 256 sockets',
      'tune 5000',
      'tune 5000',
      'stop every 256 sockets',
      'start every 64 sockets',
    ]);
    expect(taken).toEqual([false, true, true]);
    expect(running.config().limits.sockets).toBe(64);
  });

  it('refuses what cannot be read or changed, naming the field, and goes on', async () => {
    const running = await open();
    await running.reload(async () => ({ config: parseGatewayConfig({ ...before, pollIntervalMs: 'soon' }) }));
    await running.reload(reading({ gatewayId: 'gw-8' }));
    expect(refused).toEqual([
      expect.stringContaining('pollIntervalMs'),
      'Configuration: gatewayId cannot change while the gateway runs',
    ]);
    expect(told).toEqual(['start every 256 sockets']);
    expect(running.config()).toBe(before);
  });

  it('goes back to the configuration before where the new one does not start', async () => {
    const running = await open();
    broken = ({ limits }) => limits.sockets === 64;
    await running.reload(reading({ limits: { sockets: 64 } }));
    expect(refused).toEqual(['Configuration: limits.sockets does not start']);
    expect(told.at(-1)).toBe('start every 256 sockets');
    expect(running.config()).toBe(before);
  });

  it('rejects where neither starts, and follows nothing once it stopped', async () => {
    const running = await open();
    broken = () => true;
    await expect(running.reload(reading({ limits: { sockets: 64 } }))).rejects.toThrow('does not start');
    broken = undefined;
    const other = await open();
    const stopping = other.stop();
    await other.reload(reading({ limits: { sockets: 64 } }));
    await stopping;
    expect(told.at(-1)).toBe('stop every 256 sockets');
  });
});

describe('watching a file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'watch-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('hears of writes in place and of replacements, and not of other files', async () => {
    const file = join(directory, 'config.json');
    writeFileSync(file, '1');
    let changes = 0;
    const watching = watchConfig(file, () => changes++, 20);
    writeFileSync(join(directory, 'other'), 'x');
    writeFileSync(file, '2');
    await until('the write', () => changes === 1);
    writeFileSync(`${file}.new`, '3');
    renameSync(`${file}.new`, file);
    await until('the replacement', () => changes === 2);
    writeFileSync(file, '4');
    await until('a write to what replaced it', () => changes === 3);
    watching.close();
  });
});
