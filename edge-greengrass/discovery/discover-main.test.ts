import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { safetyEvent } from '../../contracts/command.ts';
import { type SimulatedSite, startSite } from '../../simulator/site/simulated-site.ts';
import { Outbox } from '../state/outbox.ts';
import { StateFile } from '../state/state-file.ts';
import { keyId, secret } from '../test-kit/envelopes.ts';
import { place } from '../test-kit/memory-bus.ts';
import { until } from '../test-kit/until.ts';
import { lookAtGateway } from './open-gateway.ts';

const canHaveAddresses = platform() === 'linux';
if (!canHaveAddresses) process.stdout.write('skipped: discovery, it needs addresses under 127/8\n');

const output = z.object({
  dry_run: z.boolean(),
  complete: z.boolean(),
  counts: z.object({ asked: z.number(), machines: z.number() }),
  machines: z.array(z.looseObject({ host: z.string(), macAddress: z.string().optional() })),
  changes: z.array(z.looseObject({ kind: z.string(), minerId: z.string().optional() })),
});
const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '0.0.0.0', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

describe.skipIf(!canHaveAddresses)('the discovery command', { timeout: 60_000 }, () => {
  let site: SimulatedSite;
  let ports: string;
  let directory: string;
  let configPath: string;
  let stateDir: string;

  beforeAll(async () => {
    const [rpcPort, httpPort] = [await freePort(), await freePort()];
    ports = `4028=${rpcPort},80=${httpPort}`;
    site = await startSite({ miners: 12, seed: 3, speed: 1, vendorPorts: { rpcPort, httpPort } });
  });
  afterAll(() => site.close());
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'discover-'));
    configPath = join(directory, 'config.json');
    stateDir = join(directory, 'state');
    writeFileSync(configPath, JSON.stringify({ ...place, hmacKeys: [{ keyId, secret }] }));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const run = async (...args: string[]) => {
    const main = join(import.meta.dirname, '../discover-main.ts');
    const child: ChildProcess = spawn(
      process.execPath,
      [main, '--config', configPath, '--state', stateDir, '--ports', ports, ...args],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { LANG: 'C' } },
    );
    const said = { out: '', error: '', code: undefined as number | null | undefined };
    child.stdout?.on('data', (chunk) => (said.out += String(chunk)));
    child.stderr?.on('data', (chunk) => (said.error += String(chunk)));
    child.on('exit', (code) => (said.code = code));
    await until('the end of the process', () => said.code !== undefined, 40_000);
    return said;
  };
  const discover = async (...args: string[]) => {
    const { out, error } = await run('--range', '127.64.0.0-127.64.1.31', '--json', ...args);
    expect(error).toBe('');
    return output.parse(JSON.parse(out));
  };
  const events = () => {
    const state = new StateFile(stateDir);
    try {
      return new Outbox(state)
        .next(1_000)
        .map(({ payload }) => safetyEvent.parse(JSON.parse(new TextDecoder().decode(payload))));
    } finally {
      state.close();
    }
  };

  it('shows what it would do, and does nothing, in a dry run', async () => {
    const found = await discover('--dry-run');
    expect(found).toMatchObject({ dry_run: true, complete: true, counts: { asked: 288, machines: 12 } });
    expect(found.changes).toHaveLength(12);
    expect(existsSync(stateDir)).toBe(false);
    expect(readdirSync(directory)).toEqual(['config.json']);
  });

  it('keeps new miners sealed, follows them to new addresses, and tells the cloud without saying where', async () => {
    const first = await discover('--exclude', '127.64.0.11');
    expect(first.changes.map(({ kind }) => kind)).toEqual(Array.from({ length: 11 }, () => 'new'));
    const before = await lookAtGateway(configPath, stateDir);
    const inventory = site.inventory();
    const byMac = new Map(inventory.map((entry) => [entry.macAddress, entry]));
    for (const miner of before.config.miners) {
      const entry = byMac.get(miner.mac ?? '');
      expect(miner).toMatchObject({ vendor: entry?.vendor, host: entry?.host });
      // A Whatsminer tells its code, too: M50_VH50.
      expect(miner.model?.replace(/_V[A-Z]\d0$/, '')).toBe(entry?.model);
    }
    expect(before.config.miners.map(({ minerId }) => minerId)).toContain('antminer-0001');

    // New leases for all but one: what was at .0 to .9 is elsewhere, some of them at each other's addresses.
    const [last, ...others] = inventory.toReversed();
    await site.lease(
      new Map(
        others.map(({ minerId }, index) => [
          minerId,
          `127.64.${index % 2}.${index % 2 ? 20 + index : index}`,
        ]),
      ),
    );
    try {
      const second = await discover();
      expect(second.changes.filter(({ kind }) => kind === 'new')).toHaveLength(1);
      expect(second.changes.filter(({ kind }) => !['new', 'moved'].includes(kind))).toEqual([]);
      const after = await lookAtGateway(configPath, stateDir);
      const now = new Map(site.inventory().map((entry) => [entry.macAddress, entry.host]));
      expect(after.config.miners).toHaveLength(12);
      for (const { minerId, mac, host } of after.config.miners) {
        expect(host).toBe(now.get(mac ?? ''));
        const was = before.config.miners.find((miner) => miner.minerId === minerId);
        if (was) expect(was.mac).toBe(mac);
      }
      expect(after.config.miners.find(({ mac }) => mac === last?.macAddress)?.host).toBe(last?.host);

      const told = events();
      expect(told.filter(({ code }) => code === 'NEW')).toHaveLength(12);
      expect(told.filter(({ code }) => code === 'MOVED').length).toBeGreaterThan(5);
      const secrets = [...now].flat();
      const files = readdirSync(stateDir).map((name) => readFileSync(join(stateDir, name), 'latin1'));
      for (const text of [JSON.stringify(told), readFileSync(configPath, 'utf8'), ...files])
        for (const each of secrets) expect(text.includes(each)).toBe(false);

      const third = await discover();
      expect(third.changes).toEqual([]);
    } finally {
      await site.lease(new Map(inventory.map(({ minerId, host }) => [minerId, host])));
    }
  });

  it('tells a replaced and a missing machine, and lets the missing one keep its place in the inventory', async () => {
    const inventory = site.inventory();
    const [a, b, c] = inventory;
    // At first, the third is not plugged in.
    site.inject(c?.minerId ?? '', { kind: 'network_loss', how: 'refuse' });
    await discover();
    const idOf = async (mac: string | undefined) =>
      (await lookAtGateway(configPath, stateDir)).config.miners.find((miner) => miner.mac === mac)?.minerId;
    const [aId, bId] = [await idOf(a?.macAddress), await idOf(b?.macAddress)];
    // Then the first two leave, and the third stands where the first stood.
    site.inject(a?.minerId ?? '', { kind: 'network_loss', how: 'refuse' });
    site.inject(b?.minerId ?? '', { kind: 'network_loss', how: 'refuse' });
    await site.lease(
      new Map([
        [a?.minerId ?? '', '127.64.1.30'],
        [c?.minerId ?? '', a?.host ?? ''],
      ]),
    );
    site.clear(c?.minerId ?? '');
    try {
      const { changes } = await discover();
      expect(changes.map(({ kind, minerId }) => `${kind} ${minerId}`)).toEqual([
        `replaced ${aId}`,
        `missing ${bId}`,
      ]);
      const { config } = await lookAtGateway(configPath, stateDir);
      expect(config.miners.some(({ minerId }) => minerId === aId)).toBe(false);
      expect(config.miners.some(({ minerId }) => minerId === bId)).toBe(true);
      expect(new Set(config.miners.map(({ host }) => host)).size).toBe(config.miners.length);
    } finally {
      await site.lease(new Map(inventory.map(({ minerId, host }) => [minerId, host])));
      for (const entry of [a, b]) site.clear(entry?.minerId ?? '');
    }
  });

  it('prints a table for people, in their language, without a login', async () => {
    const english = await run('--range', '127.64.0.0-15', '--dry-run');
    expect(english.code).toBe(0);
    expect(english.out).toContain('Found: 12 / 16');
    expect(english.out).toMatch(/127\.64\.0\.0 +antminer-0001 +antminer +Antminer S/);
    expect(english.error).toContain('12 miners');
    const chinese = await run('--range', '127.64.0.0-15', '--dry-run', '--lang', 'zh');
    expect(chinese.out).toContain('已发现: 12 / 16');
    expect(`${english.out}${chinese.out}`).not.toContain('root');
  });

  it.each([
    [['--range', '10.0.0.0/33'], 'range "10.0.0.0/33"'],
    [[], '--range is missing'],
    [['--range', '127.64.0.1', '--id-pattern', '{mac}-{n}'], 'id pattern'],
    [['--range', '127.64.0.1', '--per-second', '0'], '--per-second'],
    [['--range', '127.64.0.1', '--logins', '/nowhere'], '--logins'],
  ])('says what is wrong with %j', async (args, what) => {
    const { code, error } = await run(...args);
    expect(code).toBe(1);
    expect(error).toContain(what);
  });
});
