import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MinerOrder } from '../../contracts/command.ts';
import type { InventoryEntry } from '../../simulator/site/inventory.ts';
import { type SimulatedSite, startSite } from '../../simulator/site/simulated-site.ts';
import { adapterAt } from '../test-kit/adapter-at.ts';
import { until } from '../test-kit/until.ts';
import type { MinerAdapter, MinerSnapshot } from './miner-adapter.ts';

/** Families of whose protocols little is published, each against the simulator that was written from the same sources. */
const models = ['Sealminer A2', 'Elphapex DG1+', 'Proto Rig'] as const;
type Model = (typeof models)[number];

let site: SimulatedSite;
beforeAll(async () => {
  site = await startSite({
    miners: 3,
    seed: 5,
    speed: 60,
    mix: Object.fromEntries(models.map((model) => [model, 1])),
  });
});
afterAll(() => site.close());

const entryOf = (model: Model): InventoryEntry => {
  const found = site.inventory().find((entry) => entry.model === model);
  if (!found) throw new Error(`no ${model}`);
  return found;
};
const physical = (model: Model) => site.physical(entryOf(model).minerId);
const shown = async (adapter: MinerAdapter, order: MinerOrder, before: MinerSnapshot, sinceMs: number) => {
  const endMs = Date.now() + 15_000;
  for (;;) {
    const { seen } = await adapter.readBack(order, before, sinceMs);
    if (seen || Date.now() > endMs) return seen;
  }
};
const restored = async (adapter: MinerAdapter, order: MinerOrder, before: MinerSnapshot) => {
  const endMs = Date.now() + 15_000;
  for (;;) {
    const { seen } = await adapter.readRestored({ order, before, earlierPools: [] });
    if (seen || Date.now() > endMs) return seen;
  }
};
const hashing = (model: Model) => until(`${model} hashing`, () => physical(model).hashing, 20_000);
const carryOut = async (model: Model, order: MinerOrder) => {
  const adapter = adapterAt(entryOf(model));
  await hashing(model);
  const before = await adapter.snapshot(order);
  const sinceMs = Date.now();
  const outcome = await adapter.execute(order, before);
  expect(outcome, `${model} ${order.type}`).toEqual({ kind: 'done' });
  expect(await shown(adapter, order, before, sinceMs), `${model} ${order.type} shows`).toBe(true);
  return { adapter, before };
};

describe.each(models)('%s', (model) => {
  it('says who it is, and what is physically so', async () => {
    const adapter = adapterAt(entryOf(model));
    expect(await adapter.identify()).toMatchObject({ vendor: entryOf(model).vendor, model });
    for (const depth of ['core', 'full'] as const) {
      const { reading, fault } = await adapter.read(depth);
      const now = physical(model);
      expect(fault).toBeUndefined();
      expect(reading.state).toBe('hashing');
      const { values } = reading;
      expect((values.hashrateThs ?? 0) / now.hashrateThs).toBeCloseTo(1, 1);
      expect((values.expectedHashrateThs ?? 0) / now.hashrateThs).toBeCloseTo(1, 0);
      expect((values.powerW ?? 0) / now.powerW).toBeCloseTo(1, 1);
      expect(Math.abs((values.chipTempC ?? 0) - now.chipTempC)).toBeLessThan(3);
      expect(Math.abs((values.fan1Rpm ?? 0) - (now.fanRpm[0] ?? 0))).toBeLessThan(300);
      expect(values.uptimeS).toBeGreaterThan(0);
      if (depth === 'full') {
        expect(values).toMatchObject({ poolsAlive: 3, activePool: 0 });
        expect(values.acceptedShares).toBeGreaterThan(0);
        expect(reading.errorCodes).toEqual([]);
      }
    }
  });

  it('stops, starts and restarts, physically', async () => {
    const { adapter, before } = await carryOut(model, { type: 'HASHING_DISABLE', params: {} });
    await until('it stands still', () => !physical(model).hashing, 5_000);
    expect((await adapter.read('core')).reading.state).toBe('stopped');
    const order = { type: 'HASHING_DISABLE', params: {} } as const;
    expect(await adapter.restore({ order, before, earlierPools: [] }, await adapter.snapshot(order))).toEqual(
      { kind: 'done' },
    );
    expect(await restored(adapter, order, before)).toBe(true);
    await carryOut(model, { type: 'MINER_RESTART', params: {} });
  }, 60_000);

  it('takes pools and puts back those that it had', async () => {
    const had = physical(model).pools.map(({ url, user }) => ({ url, user }));
    const order: MinerOrder = {
      type: 'POOL_SET',
      params: { pools: [{ url: 'stratum+tcp://new.example.com:3333', user: 'n&1 +', password: 'p=w' }] },
    };
    const { adapter, before } = await carryOut(model, order);
    expect(physical(model).pools[0]).toEqual({
      url: 'stratum+tcp://new.example.com:3333',
      user: 'n&1 +',
      password: 'p=w',
    });
    expect(await adapter.restore({ order, before, earlierPools: [] }, await adapter.snapshot(order))).toEqual(
      { kind: 'done' },
    );
    expect(await restored(adapter, order, before)).toBe(true);
    expect(physical(model).pools.map(({ url, user }) => ({ url, user }))).toEqual(had);
  }, 60_000);

  it('refuses what it does not do, and is told from one whose answer is lost', async () => {
    const { minerId } = entryOf(model);
    const adapter = adapterAt(entryOf(model), { exchangeMs: 400 });
    await hashing(model);
    const order: MinerOrder = { type: 'HASHING_DISABLE', params: {} };
    const before = await adapter.snapshot(order);
    site.inject(minerId, { kind: 'refuses_writes' });
    expect(await adapter.execute(order, before)).toMatchObject({ kind: 'refused' });
    expect(physical(model).hashing).toBe(true);
    site.clear(minerId);
    site.inject(minerId, { kind: 'lost_answers' });
    expect(await adapter.execute(order, before)).toMatchObject({ kind: 'lost' });
    site.clear(minerId);
    await until('it stopped all the same', () => !physical(model).hashing, 5_000);
    const start: MinerOrder = { type: 'HASHING_ENABLE', params: {} };
    expect(await adapter.execute(start, await adapter.snapshot(start))).toEqual({ kind: 'done' });
    await hashing(model);
  }, 60_000);

  it('reads as unreachable, never as zero, while its wire is spoilt', async () => {
    const { minerId } = entryOf(model);
    const adapter = adapterAt(entryOf(model), { exchangeMs: 300, connectMs: 300 });
    await hashing(model);
    expect((await adapter.read('core')).reading.state).toBe('hashing');
    for (const kind of ['silence', 'garbage', 'slow_drip'] as const) {
      site.inject(minerId, { kind });
      const { reading, fault } = await adapter.read('full');
      expect(reading, kind).toMatchObject({ state: 'unreachable', values: {} });
      expect(fault, kind).toMatch(/unreachable|unparseable/);
      site.clear(minerId);
    }
    expect((await adapter.read('core')).fault).toBeUndefined();
  }, 30_000);
});

describe('what only some of them have', () => {
  it('a power limit: a Sealminer takes it with a reboot, a Proto Rig at once', async () => {
    for (const [model, limitW] of [
      ['Sealminer A2', 3_100],
      ['Proto Rig', 6_000],
    ] as const) {
      const order: MinerOrder = { type: 'POWER_LIMIT', params: { limitW } };
      const { adapter, before } = await carryOut(model, order);
      await until(
        `${model} draws less`,
        () => physical(model).hashing && physical(model).powerW < limitW + 60,
        20_000,
      );
      await adapter.restore({ order, before, earlierPools: [] }, await adapter.snapshot(order));
      expect(await restored(adapter, order, before)).toBe(true);
    }
    const low: MinerOrder = { type: 'POWER_LIMIT', params: { limitW: 900 } };
    const rig = adapterAt(entryOf('Proto Rig'));
    expect(await rig.execute(low, await rig.snapshot(low))).toEqual({
      kind: 'refused',
      detail: 'the miner answers 422',
    });
  }, 90_000);

  it.each(['Elphapex DG1+', 'Proto Rig'] as const)(
    'fans of an %s, and back to automatic',
    async (model) => {
      const order: MinerOrder = { type: 'SET_FAN', params: { dutyPct: 97 } };
      const { adapter, before } = await carryOut(model, order);
      await until('the fans turn', () => physical(model).fanDutyPct === 97, 10_000);
      await adapter.restore({ order, before, earlierPools: [] }, await adapter.snapshot(order));
      expect(await restored(adapter, order, before)).toBe(true);
      await until('the firmware steers again', () => physical(model).fanDutyPct !== 97, 10_000);
    },
    60_000,
  );

  it('work modes of an Elphapex', async () => {
    const order: MinerOrder = { type: 'POWER_MODE', params: { mode: 'low' } };
    const { adapter, before } = await carryOut('Elphapex DG1+', order);
    await adapter.restore({ order, before, earlierPools: [] }, await adapter.snapshot(order));
    expect(await restored(adapter, order, before)).toBe(true);
  }, 60_000);

  it.each(['Sealminer A2', 'Elphapex DG1+'] as const)(
    'the light of a %s',
    async (model) => {
      const { adapter } = await carryOut(model, { type: 'LED', params: { on: true } });
      expect(physical(model).ledOn).toBe(true);
      const off: MinerOrder = { type: 'LED', params: { on: false } };
      expect(await adapter.execute(off, await adapter.snapshot(off))).toEqual({ kind: 'done' });
      expect(physical(model).ledOn).toBe(false);
    },
    60_000,
  );

  it('a wrong password is said, and writes nothing', async () => {
    const order: MinerOrder = { type: 'MINER_RESTART', params: {} };
    for (const model of models) {
      const adapter = adapterAt(entryOf(model), {}, { password: 'not-it' });
      const right = adapterAt(entryOf(model));
      const outcome = await adapter.execute(order, await right.snapshot(order));
      expect(outcome, model).toMatchObject({
        kind: 'refused',
        detail: expect.stringMatching(/refuses the configured/),
      });
    }
  });

  it('a session that a reboot ended is opened again, for reading and for writing', async () => {
    for (const model of ['Sealminer A2', 'Proto Rig'] as const) {
      const { adapter } = await carryOut(model, { type: 'MINER_RESTART', params: {} });
      const order: MinerOrder = { type: 'HASHING_ENABLE', params: {} };
      expect(await adapter.execute(order, await adapter.snapshot(order))).toEqual({ kind: 'done' });
      const pools: MinerOrder = {
        type: 'POOL_SET',
        params: { pools: [{ url: 'stratum+tcp://a.example.com:1', user: 'u', password: '' }] },
      };
      await hashing(model);
      expect(await adapter.execute(pools, await adapter.snapshot(pools))).toEqual({ kind: 'done' });
    }
  }, 60_000);
});
