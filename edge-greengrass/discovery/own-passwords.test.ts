import { createServer } from 'node:net';
import { platform } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SimulatedSite, startSite } from '../../simulator/site/simulated-site.ts';
import { antminerLogin } from '../adapters/antminer/web-login.ts';
import { minerIo } from '../adapters/miner-io.ts';
import { type ConfiguredMiner, configuredMiner } from '../config.ts';
import { Semaphore } from '../io/semaphore.ts';
import { addressSet } from './address-ranges.ts';
import { discoverSite } from './discover-site.ts';
import type { Remembered } from './known-machines.ts';
import { loginOf } from './likely-logins.ts';

const canHaveAddresses = platform() === 'linux';
if (!canHaveAddresses)
  process.stdout.write('skipped: own passwords at new addresses, it needs addresses under 127/8\n');
const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '0.0.0.0', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/** An Antminer tells its MAC only to whom it lets in, so that one with a password of its own is hard to know again. */
describe.skipIf(!canHaveAddresses)('Antminers with a password each, at new addresses', () => {
  let atMs: number;
  let site: SimulatedSite;
  let ports: { rpc: number; http: number; whatsminerV3: number };
  let miners: ConfiguredMiner[];
  const remembered = new Map<string, Remembered>();
  const limits = { connectMs: 1_000, exchangeMs: 2_000, maxBytes: 65_536 };

  beforeEach(async () => {
    atMs = 1_760_000_000_000;
    ports = { rpc: await freePort(), http: await freePort(), whatsminerV3: await freePort() };
    site = await startSite({
      miners: 8,
      seed: 6,
      speed: 1,
      mix: { 'Antminer S19': 1 },
      nowMs: () => atMs,
      vendorPorts: { rpcPort: ports.rpc, httpPort: ports.http, net: 92 },
    });
    miners = site.inventory().map(({ minerId, vendor, model, host, rpcPort, httpPort, macAddress }) =>
      configuredMiner.parse({
        minerId,
        vendor,
        model,
        host,
        rpcPort,
        httpPort,
        mac: macAddress,
        password: `Own${minerId}`,
      }),
    );
    for (const miner of miners) {
      const way = antminerLogin({
        ioOf: (login) =>
          minerIo(
            { minerId: '', host: miner.host, rpcPort: ports.rpc, httpPort: ports.http, ...login },
            limits,
            new Semaphore(4),
          ),
        nowMs: () => atMs,
        model: miner.model,
      });
      await way.change?.({ username: 'root', password: 'root' }, loginOf(miner).password);
    }
    atMs += 5_000;
  });
  afterEach(() => site.close());

  const discover = (neighbours: () => ReadonlyMap<string, string>) =>
    discoverSite({
      addresses: addressSet(['127.92.0.0-127.92.0.31']),
      miners,
      remembered,
      ports,
      limits: { connectMs: 500, answerMs: 1_000 },
      signal: new AbortController().signal,
      neighbours,
    });

  it('are all known where they were', async () => {
    const { report } = await discover(() => new Map());
    expect(report.same).toHaveLength(8);
  });

  it('are all known by the network’s own table, which says whose password to try', async () => {
    const hosts = miners.map(({ host }) => host);
    await site.lease(new Map(miners.map(({ minerId }, index) => [minerId, hosts[(index + 3) % 8] ?? ''])));
    const table = new Map(site.inventory().map(({ host, macAddress }) => [host, macAddress]));
    const { report, adoption } = await discover(() => table);
    expect(report.moved).toHaveLength(8);
    const now = new Map(site.inventory().map((entry) => [entry.minerId, entry]));
    for (const { minerId, host, password } of adoption.miners) {
      expect(host).toBe(now.get(minerId)?.host);
      expect(password).toBe(now.get(minerId)?.password);
    }
  });

  it('are known without such a table as far as three tries go, and none is taken for another', async () => {
    const [a, b] = miners;
    await site.lease(
      new Map([
        [a?.minerId ?? '', '127.92.0.20'],
        [b?.minerId ?? '', '127.92.0.21'],
      ]),
    );
    const { report } = await discover(() => new Map());
    expect(report.moved.map(({ known, found }) => `${known.minerId} ${found.host}`).toSorted()).toEqual([
      `${a?.minerId} 127.92.0.20`,
      `${b?.minerId} 127.92.0.21`,
    ]);
    expect(report.fresh).toEqual([]);
  });

  it('are said to be unproved where they all stand at each other’s addresses and nothing tells them apart', async () => {
    const hosts = miners.map(({ host }) => host);
    await site.lease(new Map(miners.map(({ minerId }, index) => [minerId, hosts[(index + 3) % 8] ?? ''])));
    const { report, adoption } = await discover(() => new Map());
    const now = new Map(site.inventory().map(({ minerId, host }) => [minerId, host]));
    for (const { known, found } of report.moved) expect(found.host).toBe(now.get(known.minerId));
    expect(report.same).toEqual(report.unproved);
    expect(report.moved.length + report.unproved.length + report.missing.length).toBe(8);
    const others = adoption.changes.filter(
      ({ kind }) => !['moved', 'unproved', 'missing', 'left_out'].includes(kind),
    );
    expect(others).toEqual([]);
  });
});
