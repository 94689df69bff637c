import { afterAll, beforeAll, expect, it } from 'vitest';
import { whyUnsupported } from '../../contracts/capabilities/firmware-table.ts';
import type { MinerOrder, MinerOrderType } from '../../contracts/command.ts';
import type { ReadingField } from '../../contracts/reading.ts';
import type { ModelName } from '../../simulator/physics/models.ts';
import type { InventoryEntry } from '../../simulator/site/inventory.ts';
import type { PhysicalState } from '../../simulator/site/physical.ts';
import { type SimulatedSite, startSite } from '../../simulator/site/simulated-site.ts';
import { adapterAt } from '../test-kit/adapter-at.ts';
import { until } from '../test-kit/until.ts';
import type { MinerAdapter, MinerSnapshot } from './miner-adapter.ts';

/** Each firmware's adapter against the simulator that somebody else wrote from the same published sources. */
type Row = {
  readonly model: ModelName;
  /** What it says that it is. */
  readonly called: string;
  /** Of the figures that are compared, those that this firmware does not tell. */
  readonly untold?: readonly ReadingField[];
  /** Where it tells its boards' power instead of its own, how far that may be off. */
  readonly powerWithin?: number;
  /** What its firmware can do; it is carried out, shown, physically so, and put back. */
  readonly orders: readonly MinerOrder[];
  /** Of those, which end the connection without an answer, and which cannot be shown to be put back. */
  readonly unanswered?: readonly MinerOrderType[];
  readonly unshownBack?: readonly MinerOrderType[];
};

const pool = (url: string) => ({ url, user: 'n1.rig', password: 'p=w' });
const pools: MinerOrder = {
  type: 'POOL_SET',
  params: { pools: [pool('stratum+tcp://new.example.com:3333')] },
};
const restart: MinerOrder = { type: 'MINER_RESTART', params: {} };
const stop: MinerOrder = { type: 'HASHING_DISABLE', params: {} };
const led: MinerOrder = { type: 'LED', params: { on: true } };
const fan: MinerOrder = { type: 'SET_FAN', params: { dutyPct: 97 } };
const limit = (limitW: number): MinerOrder => ({ type: 'POWER_LIMIT', params: { limitW } });
const clock = (frequencyMhz: number): MinerOrder => ({ type: 'FREQUENCY_SET', params: { frequencyMhz } });
const mode = (wanted: 'low' | 'high'): MinerOrder => ({ type: 'POWER_MODE', params: { mode: wanted } });

const shares = ['acceptedShares', 'rejectedShares'] as const;
const rows: readonly Row[] = [
  {
    model: 'Whatsminer M60S (API 3)',
    called: 'Whatsminer M60S_VK30',
    untold: shares,
    orders: [stop, restart, pools, mode('low'), limit(3_000), led],
  },
  {
    model: 'Avalon A1346',
    called: 'Avalon A1346',
    powerWithin: 0.1,
    orders: [stop, restart, pools, mode('high'), fan, led],
    unshownBack: ['SET_FAN'],
  },
  {
    model: 'Avalon A1566',
    called: 'Avalon A15-185',
    unanswered: ['HASHING_ENABLE'],
    orders: [stop, restart, pools, mode('high'), fan, led],
    unshownBack: ['SET_FAN'],
  },
  {
    model: 'Avalon Q',
    called: 'Avalon Q',
    unanswered: ['HASHING_ENABLE'],
    orders: [stop, restart, pools, mode('low'), fan, led],
    unshownBack: ['SET_FAN'],
  },
  {
    model: 'Auradine AT1500',
    called: 'Auradine AT1500',
    orders: [stop, restart, pools, mode('low'), limit(2_400), led],
  },
  { model: 'Bitaxe Gamma', called: 'Bitaxe Gamma', orders: [stop, restart, pools, fan, clock(450)] },
  { model: 'Bitaxe Supra', called: 'Bitaxe Supra', orders: [restart, pools, fan, clock(450)] },
  { model: 'NerdQAxe++', called: 'NerdQAxe++', orders: [restart, pools, fan, clock(450)] },
  {
    model: 'Antminer S19j Pro (Braiins OS)',
    called: 'Antminer S19j Pro',
    orders: [stop, restart, pools, fan, limit(2_500), led],
  },
  {
    model: 'Antminer S9 (Braiins OS 22.08)',
    called: 'Antminer S9',
    orders: [stop, restart, pools, fan, limit(1_000), led],
  },
  {
    model: 'Antminer S19k Pro (LuxOS)',
    called: 'Antminer S19k Pro',
    untold: ['chipTempC'],
    orders: [stop, restart, pools, fan, limit(2_200), clock(490), led],
  },
  {
    model: 'Antminer S19 (VNish)',
    called: 'Antminer S19',
    orders: [stop, restart, pools, fan, limit(2_700), clock(500), led],
  },
  {
    model: 'Antminer S19 XP (ePIC)',
    called: 'AntMiner S19 XP',
    untold: ['chipTempC'],
    orders: [stop, restart, pools, fan, clock(400), led],
  },
];

let site: SimulatedSite;
beforeAll(async () => {
  const mix = Object.fromEntries(rows.map(({ model }) => [model, 1]));
  site = await startSite({ miners: rows.length, seed: 5, speed: 200, mix });
});
afterAll(() => site.close());

const entryOf = (model: ModelName): InventoryEntry => {
  const found = site.inventory().find((entry) => entry.model === model);
  if (!found) throw new Error(`no ${model}`);
  return found;
};
const physical = (model: ModelName) => site.physical(entryOf(model).minerId);
/** It hashes, and its power stands still over a simulated minute, so that what follows can be compared with it. */
const steady = (model: ModelName) => {
  let last: PhysicalState | undefined;
  return until(
    `${model} hashing`,
    () => {
      const now = physical(model);
      const hashes = now.hashing && now.hashrateThs > 0.9 * entryOf(model).ratedHashrateThs;
      if (!hashes || !last) {
        last = hashes ? now : undefined;
        return false;
      }
      if (now.simulatedS - last.simulatedS < 60) return false;
      const stands = Math.abs(now.powerW / last.powerW - 1) < 0.01;
      last = now;
      return stands;
    },
    30_000,
  );
};
const comes = async (ask: () => Promise<{ seen: boolean | undefined }>) => {
  const endMs = Date.now() + 15_000;
  for (;;) {
    const { seen } = await ask();
    if (seen || Date.now() > endMs) return seen;
  }
};

/** Whether the order is physically carried out. */
const isSo = (order: MinerOrder, before: PhysicalState, now: PhysicalState): boolean => {
  switch (order.type) {
    case 'HASHING_DISABLE':
      return !now.hashing;
    case 'HASHING_ENABLE':
      return now.hashing;
    case 'MINER_RESTART':
      return now.uptimeS < before.uptimeS;
    case 'POOL_SET':
      return JSON.stringify(now.pools[0]) === JSON.stringify(order.params.pools[0]);
    case 'LED':
      return now.ledOn === order.params.on;
    case 'SET_FAN':
      return Math.abs(now.fanDutyPct - order.params.dutyPct) < 1;
    case 'POWER_LIMIT':
      return now.hashing && now.powerW < order.params.limitW * 1.03;
    case 'FREQUENCY_SET':
      return now.hashing && Math.abs(now.frequencyMhz - order.params.frequencyMhz) < 2;
    case 'POWER_MODE':
      return order.params.mode === 'low'
        ? now.hashing && now.powerW < 0.95 * before.powerW
        : now.powerW > 1.03 * before.powerW;
  }
};
const isPutBack = (order: MinerOrder, before: PhysicalState, now: PhysicalState): boolean => {
  switch (order.type) {
    case 'POOL_SET':
      return now.pools[0]?.url === before.pools[0]?.url && now.pools[0]?.user === before.pools[0]?.user;
    case 'LED':
      return now.ledOn === before.ledOn;
    case 'SET_FAN':
      return now.fanDutyPct !== order.params.dutyPct;
    case 'POWER_LIMIT':
    case 'POWER_MODE':
    case 'FREQUENCY_SET':
      return now.hashing && Math.abs(now.powerW / before.powerW - 1) < 0.03;
    default:
      return now.hashing;
  }
};

const carryOut = async (row: Row, adapter: MinerAdapter, order: MinerOrder, before: MinerSnapshot) => {
  const sinceMs = Date.now();
  const outcome = await adapter.execute(order, before);
  const kind = row.unanswered?.includes(order.type) ? 'lost' : 'done';
  expect(outcome, `${row.model} ${order.type}: ${JSON.stringify(outcome)}`).toMatchObject({ kind });
  expect(
    await comes(() => adapter.readBack(order, before, sinceMs)),
    `${row.model} ${order.type} shows`,
  ).toBe(true);
};

const saysWhoItIsAndWhatIsSo = async ({ model, called, untold = [], powerWithin = 0.06, orders }: Row) => {
  const adapter = adapterAt(entryOf(model));
  const identity = await adapter.identify();
  expect(identity).toMatchObject({ vendor: entryOf(model).vendor, model: called });
  expect(identity.macAddress?.replaceAll(/[^0-9a-f]/gi, '').toLowerCase()).toBe(
    entryOf(model).macAddress.replaceAll(':', '').toLowerCase(),
  );
  for (const order of orders) expect(whyUnsupported(identity, order), order.type).toBeUndefined();
  await steady(model);
  for (const depth of ['core', 'full'] as const) {
    const { reading, fault } = await adapter.read(depth);
    const now = physical(model);
    expect(fault).toBeUndefined();
    expect(reading.state).toBe('hashing');
    const { values } = reading;
    for (const [field, is, within] of [
      ['hashrateThs', now.hashrateThs, 0.1 * now.hashrateThs],
      ['powerW', now.powerW, powerWithin * now.powerW],
      ['chipTempC', now.chipTempC, 4],
      ['fan1Rpm', now.fanRpm[0] ?? 0, 300],
      ['uptimeS', now.uptimeS, 600],
    ] as const) {
      if (untold.includes(field)) expect(values[field], `${field} is not told`).toBeUndefined();
      else
        expect(
          Math.abs((values[field] ?? Number.NaN) - is),
          `${depth} ${field} ${values[field]} is ${is}`,
        ).toBeLessThan(within);
    }
    if (depth === 'full') {
      expect(values.activePool).toBe(0);
      if (!untold.includes('acceptedShares')) expect(values.acceptedShares).toBeGreaterThan(0);
      if (!untold.includes('frequencyMhz'))
        expect((values.frequencyMhz ?? 0) / now.frequencyMhz).toBeCloseTo(1, 1);
      expect(reading.errorCodes ?? []).toEqual([]);
    }
  }
};

const isPutBackAfter = async (row: Row, order: MinerOrder) => {
  const { model } = row;
  const adapter = adapterAt(entryOf(model));
  await adapter.identify();
  await steady(model);
  const [was, before] = [physical(model), await adapter.snapshot(order)];
  await carryOut(row, adapter, order, before);
  await until(`${model} ${order.type}`, () => isSo(order, was, physical(model)), 20_000);
  if (order.type === 'MINER_RESTART') return;
  const restoration = { order, before, earlierPools: [] };
  const outcome = await adapter.restore(restoration, await adapter.snapshot(order));
  const back = order.type === 'HASHING_DISABLE' ? 'HASHING_ENABLE' : order.type;
  expect(outcome).toMatchObject({ kind: row.unanswered?.includes(back) ? 'lost' : 'done' });
  if (!row.unshownBack?.includes(order.type))
    expect(await comes(() => adapter.readRestored(restoration))).toBe(true);
  await until(`${model} ${order.type} put back`, () => isPutBack(order, was, physical(model)), 20_000);
};

const tellsRefusedFromLost = async ({ model, orders: [first = restart] }: Row) => {
  const { minerId } = entryOf(model);
  const adapter = adapterAt(entryOf(model), { exchangeMs: 400 });
  await adapter.identify();
  await steady(model);
  const [was, before] = [physical(model), await adapter.snapshot(first)];
  site.inject(minerId, { kind: 'refuses_writes' });
  expect(await adapter.execute(first, before)).toMatchObject({ kind: 'refused' });
  expect(isSo(first, was, physical(model))).toBe(false);
  site.clear(minerId);
  site.inject(minerId, { kind: 'lost_answers' });
  expect(await adapter.execute(first, before)).toMatchObject({ kind: 'lost' });
  site.clear(minerId);
  await until('it acted all the same', () => isSo(first, was, physical(model)), 10_000);
  const restoration = { order: first, before, earlierPools: [] };
  if (first.type !== 'MINER_RESTART') await adapter.restore(restoration, before);
  await steady(model);
};

const readsAsUnreachableWhileSpoilt = async ({ model }: Row) => {
  const { minerId } = entryOf(model);
  const adapter = adapterAt(entryOf(model), { exchangeMs: 300, connectMs: 300 });
  await adapter.identify();
  for (const kind of ['silence', 'garbage', 'slow_drip'] as const) {
    site.inject(minerId, { kind });
    const { reading, fault } = await adapter.read('full');
    expect(reading, kind).toMatchObject({ state: 'unreachable', values: {} });
    expect(fault, kind).toMatch(/unreachable|unparseable/);
    site.clear(minerId);
  }
  expect((await adapter.read('core')).fault).toBeUndefined();
};

// Side by side, as most of it is waiting for a miner; each miner's own parts one after the other.
it.concurrent.each(rows)(
  '$model: says who it is and what is so, carries out orders and puts back, tells refused from lost, is unreachable while spoilt',
  async (row) => {
    await saysWhoItIsAndWhatIsSo(row);
    for (const order of row.orders) await isPutBackAfter(row, order);
    await tellsRefusedFromLost(row);
    await readsAsUnreachableWhileSpoilt(row);
  },
  300_000,
);
