import { createServer } from 'node:net';
import { platform } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SimulatedSite, startSite } from '../../simulator/site/simulated-site.ts';
import { type ConfiguredMiner, type GatewayConfig, parseGatewayConfig } from '../config.ts';
import { logNothing } from '../log.ts';
import { openMiners } from '../miners.ts';
import { identifyAll } from '../polling/sweep.ts';
import { realClock } from '../real-clock.ts';
import type { NewSafetyEvent } from '../reports.ts';
import { vaultOf } from '../sealing/disk-vault.ts';
import { newGatewayKeys } from '../sealing/gateway-keys.ts';
import { StateFile } from '../state/state-file.ts';
import { keyId, secret } from '../test-kit/envelopes.ts';
import { place } from '../test-kit/memory-bus.ts';
import { missingFinder } from './find-missing.ts';
import { recogniser } from './recogniser.ts';

const canHaveAddresses = platform() === 'linux';
if (!canHaveAddresses)
  process.stdout.write('skipped: the search for missing miners, it needs addresses under 127/8\n');
const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '0.0.0.0', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

describe.skipIf(!canHaveAddresses)('a gateway whose miners get other addresses', () => {
  let site: SimulatedSite;
  let state: StateFile;
  let ports: { rpc: number; http: number; whatsminerV3: number };
  const events: NewSafetyEvent[] = [];
  const stopping = new AbortController();
  const vault = vaultOf(new Uint8Array(32));

  beforeEach(async () => {
    ports = { rpc: await freePort(), http: await freePort(), whatsminerV3: await freePort() };
    site = await startSite({
      miners: 10,
      seed: 4,
      speed: 1,
      vendorPorts: { rpcPort: ports.rpc, httpPort: ports.http },
    });
    state = new StateFile(':memory:');
    events.length = 0;
  });
  afterEach(async () => {
    state.close();
    await site.close();
  });

  const configured = () =>
    site.inventory().map(({ minerId, vendor, model, host, rpcPort, httpPort, password }) => ({
      minerId,
      vendor,
      model,
      host,
      rpcPort,
      ...(httpPort !== undefined && { httpPort }),
      ...(password !== undefined && { password }),
    }));
  /** What an agent has of this, from one start to the next. */
  const startWith = async (miners: readonly object[]) => {
    const config: GatewayConfig = parseGatewayConfig({
      ...place,
      hmacKeys: [{ keyId, secret }],
      miners,
      limits: { connectMs: 300, exchangeMs: 300 },
      discovery: { ranges: ['127.64.0.0-127.64.0.63'], exclude: ['127.64.0.60'] },
    });
    const reports = { safety: (event: NewSafetyEvent) => void events.push(event) };
    const recognised = recogniser({ state, vault, miners: config.miners, reports, nowMs: Date.now });
    const keys = await newGatewayKeys();
    const opened = new Map(
      [...openMiners(config, Date.now, keys)].map(([minerId, miner]) => [
        minerId,
        { ...miner, adapter: recognised.watch(minerId, miner.adapter) },
      ]),
    );
    const taken: (readonly ConfiguredMiner[])[] = [];
    const finder =
      config.discovery &&
      missingFinder({
        config: config.discovery,
        inventory: config.miners,
        miners: opened,
        recognised,
        reports,
        log: logNothing,
        clock: realClock(Date.now),
        stopping: stopping.signal,
        onInventory: async (inventory) => void taken.push(inventory),
        ports,
        limits: { connectMs: 500, answerMs: 500, otherwiseMs: 200 },
      });
    if (!finder) throw new Error('no discovery');
    /** As sweeps do: who does not answer fails again and again. */
    const ask = async () => {
      for (const miner of opened.values()) miner.identity = undefined;
      await identifyAll([...opened.values()], 64, stopping.signal);
      for (const miner of opened.values()) miner.failures = miner.identity ? 0 : 3;
      recognised.flush();
    };
    await ask();
    return { opened, recognised, finder, taken, ask };
  };

  it('finds them again by what they are, and asks only where nobody else of them stands', async () => {
    const before = await startWith(configured());
    expect(before.finder.missing()).toBe(0);
    expect(await before.finder.search()).toBe(0);

    const inventory = site.inventory();
    const moved = inventory.slice(0, 4);
    await site.lease(new Map(moved.map(({ minerId }, index) => [minerId, `127.64.0.${40 + index}`])));
    await before.ask();
    expect(before.finder.missing()).toBe(4);
    expect(await before.finder.search()).toBe(4);
    const now = new Map(site.inventory().map(({ minerId, host }) => [minerId, host]));
    const [taken = []] = before.taken;
    for (const { minerId, host } of taken) expect(host).toBe(now.get(minerId));
    expect(events.map(({ code, minerId }) => `${code} ${minerId}`).toSorted()).toEqual(
      moved.map(({ minerId }) => `MOVED ${minerId}`).toSorted(),
    );
    expect(JSON.stringify(events)).not.toMatch(/127\.64|02:48/);

    const after = await startWith(taken);
    expect(after.finder.missing()).toBe(0);
  });

  it('reads no miner under another’s name, sends it no order, and sets right who stands where', async () => {
    const before = await startWith(configured());
    const [a, b] = site.inventory().filter(({ vendor }) => vendor === 'antminer');
    if (!a || !b) throw new Error('no two');
    await site.lease(
      new Map([
        [a.minerId, b.host],
        [b.minerId, a.host],
      ]),
    );
    await before.ask();
    expect([...before.recognised.strangers()].toSorted()).toEqual([a.minerId, b.minerId].toSorted());
    await expect(
      before.opened.get(a.minerId)?.adapter.snapshot({ type: 'LED', params: { on: true } }),
    ).rejects.toThrow('another machine');
    await before.ask();
    expect(events.filter(({ code }) => code === 'STRANGER')).toHaveLength(2);

    expect(await before.finder.search()).toBe(2);
    const after = await startWith(before.taken[0] ?? []);
    expect(after.recognised.strangers().size).toBe(0);
    expect([...after.opened.values()].every(({ identity }) => identity !== undefined)).toBe(true);
  });

  it('leaves who is nowhere as it was, and looks at no excluded address', async () => {
    const before = await startWith(configured());
    const [a, b] = site.inventory();
    if (!a || !b) throw new Error('no two');
    site.inject(a.minerId, { kind: 'network_loss', how: 'refuse' });
    await site.lease(new Map([[b.minerId, '127.64.0.60']]));
    await before.ask();
    expect(before.finder.missing()).toBe(2);
    expect(await before.finder.search()).toBe(0);
    expect(before.taken).toEqual([]);
  });

  it('remembers over a restart, sealed', async () => {
    await startWith(configured());
    const row = state.db.prepare('SELECT sealed FROM machine LIMIT 1').get();
    expect(String(row?.sealed)).toMatch(/^sealed:1:/);
    const again = await startWith(configured());
    expect(again.recognised.remembered().size).toBe(10);
    expect(again.recognised.remembered().get('m-0001')?.macAddress).toBe(site.inventory()[0]?.macAddress);
    expect(events).toEqual([]);
  });
});
