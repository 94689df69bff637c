import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toColumns, toReadings } from '../../contracts/telemetry-columns.ts';
import { readMinerDays, readSiteDays } from './read-tier-days.ts';
import { readGroupColumns } from './read-tier-groups.ts';
import { readHistoryColumns, readRawColumns } from './read-tiers.ts';
import { rollUpShard } from './roll-up-shard.ts';
import { healthy } from './test-batches.ts';
import { daysOf, rowsOfMiner, windowsOf } from './test-naive.ts';
import { type Schedule, schedule } from './test-schedules.ts';
import { deliver, newWorld, settle, startTables, type World } from './test-tiers.ts';
import { dayMs } from './windows.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

const minersOf = ({ batches }: Schedule) => [...new Set(batches.flatMap(({ columns }) => columns.minerIds))];
const [year] = [366 * dayMs];

const expectRaw = async (world: World, of: Schedule) => {
  for (const minerId of minersOf(of)) {
    const found = await readRawColumns(world)(7, minerId, of.startMs - year, of.startMs + year);
    expect(toReadings(found)).toEqual(rowsOfMiner(of.batches, minerId));
  }
};

const expectHistory = async (world: World, of: Schedule) => {
  for (const minerId of minersOf(of)) {
    const found = await readHistoryColumns(world)(7, minerId, of.startMs - year, of.startMs + year);
    const power = found.gauge('powerW');
    const shares = found.counter('acceptedShares');
    const chip = found.gauge('chipTempC');
    const windows = windowsOf(rowsOfMiner(of.batches, minerId));
    expect([...found.startMs]).toEqual(windows.map(({ startMs }) => startMs));
    windows.forEach(({ samples, hashing, stopped, figures }, at) => {
      expect([found.samples[at], found.states[0]?.[at], found.states[2]?.[at]]).toEqual([
        samples,
        hashing,
        stopped,
      ]);
      const { powerW, acceptedShares, chipTempC } = figures;
      expect([power?.n[at], power?.sum[at], power?.min[at], power?.max[at]]).toEqual([
        powerW?.n,
        powerW?.sum,
        powerW?.min,
        powerW?.max,
      ]);
      expect([shares?.first[at], shares?.last[at], shares?.rise[at]]).toEqual([
        acceptedShares?.first,
        acceptedShares?.last,
        acceptedShares?.rise,
      ]);
      expect(chip?.n[at] ?? 0).toBe(chipTempC?.n ?? 0);
    });
  }
};

const expectDays = async (world: World, of: Schedule) => {
  const bySite = new Map<string, unknown[]>();
  for await (const { minerId, days } of readSiteDays(world)(7, '2026-01-01', '2028-12-31'))
    bySite.set(minerId, [...(bySite.get(minerId) ?? []), ...days]);
  for (const minerId of minersOf(of)) {
    const found = await readMinerDays(world)(7, minerId, '2026-01-01', '2028-12-31');
    expect(bySite.get(minerId)).toEqual(found);
    const naive = daysOf(rowsOfMiner(of.batches, minerId), of.zone);
    expect(found.map(({ date }) => date)).toEqual(naive.map(({ date }) => date));
    naive.forEach(({ energyKwh, hashrateThHours, chip, ...rest }, at) => {
      const day = found[at];
      expect(day).toMatchObject(rest);
      expect(day?.energyKwh).toBeCloseTo(energyKwh, 5);
      expect(day?.hashrateThHours).toBeCloseTo(hashrateThHours, 5);
      expect(day?.figures.chipTempC?.count ?? 0).toBe(chip.length);
      if (chip.length > 0) expect(day?.figures.chipTempC?.max).toBe(Math.max(...chip) / 1000);
    });
  }
};

const expectGroups = async (world: World, of: Schedule) => {
  const [site] = await readGroupColumns(world)(
    7,
    { by: 'site' },
    of.startMs - 30 * dayMs,
    of.startMs + 30 * dayMs,
  );
  const zones = await readGroupColumns(world)(
    7,
    { by: 'zone' },
    of.startMs - 30 * dayMs,
    of.startMs + 30 * dayMs,
  );
  const windows = new Map<number, { miners: number; samples: number; power: number }>();
  for (const minerId of minersOf(of))
    for (const { startMs, samples, figures } of windowsOf(rowsOfMiner(of.batches, minerId))) {
      const known = windows.get(startMs) ?? { miners: 0, samples: 0, power: 0 };
      const power = figures.powerW ? Math.round(figures.powerW.sum / figures.powerW.n) : 0;
      windows.set(startMs, {
        miners: known.miners + 1,
        samples: known.samples + samples,
        power: known.power + power,
      });
    }
  const expected = [...windows].toSorted(([a], [b]) => a - b);
  expect([...(site?.startMs ?? [])]).toEqual(expected.map(([startMs]) => startMs));
  expect([...(site?.columns.i ?? [])]).toEqual(expected.map(([, { miners }]) => miners));
  expect([...(site?.columns.n ?? [])]).toEqual(expected.map(([, { samples }]) => samples));
  expect([...(site?.columns.ps ?? [])]).toEqual(expected.map(([, { power }]) => power));
  const ofZones = zones.flatMap(({ columns }) => [...columns.n]).reduce((sum, n) => sum + n, 0);
  expect(ofZones).toBe(expected.reduce((sum, [, { samples }]) => sum + samples, 0));
};

describe('the tiers, read', () => {
  it('say what all rows at once say, whatever level they are on', async () => {
    await fc.assert(
      fc.asyncProperty(schedule, async (of) => {
        let now = of.startMs + 3.4 * dayMs;
        const world = newWorld(tables.db, await tables.newTable(), of.zone, () => now);
        for (const batch of of.batches) await deliver(world, batch);
        await expectRaw(world, of);
        for (const shard of of.shards) while ((await rollUpShard(world)(shard)).isMore);
        const all = async () => {
          await expectHistory(world, of);
          await expectDays(world, of);
          await expectGroups(world, of);
        };
        await expectRaw(world, of);
        await all();
        await settle(world, of.shards);
        await expectRaw(world, of);
        await all();
        now += 14 * dayMs;
        await settle(world, of.shards);
        await all();
      }),
      { seed: 42, numRuns: 3 },
    );
  }, 180_000);
});

const shard = { siteId: 7, gatewayId: 'gw-1', shard: 0 };
const noon = Date.parse('2027-05-05T12:00:00Z');

describe('retention', () => {
  const worldAt = async (clock: { now: number }) =>
    newWorld(tables.db, await tables.newTable(), 'UTC', () => clock.now);
  const batchAt = (sequence: number, at: number, count = 3) => ({
    ...shard,
    sequence,
    columns: toColumns(Array.from({ length: count }, (_, index) => healthy('m-01', at + index * 60_000))),
  });
  const counts = async (world: World) => {
    const span = [noon - year, noon + 2 * year] as const;
    return [
      (await readRawColumns(world)(7, 'm-01', ...span)).rows,
      (await readHistoryColumns(world)(7, 'm-01', ...span)).rows,
      (await readMinerDays(world)(7, 'm-01', '2026-01-01', '2029-12-31')).length,
    ];
  };

  it('shows samples for a day, windows for 90 and days for 400, on whatever level they lie', async () => {
    const clock = { now: noon + 4 * 60_000 };
    const world = await worldAt(clock);
    await deliver(world, batchAt(1, noon));
    expect(await counts(world)).toEqual([3, 0, 0]);
    clock.now = noon + dayMs;
    expect(await counts(world)).toEqual([2, 0, 0]);
    await settle(world, [shard]);
    expect(await counts(world)).toEqual([2, 1, 1]);
    clock.now = noon + dayMs + 10 * 60_000;
    expect(await counts(world)).toEqual([0, 1, 1]);
    clock.now = noon + 90 * dayMs - 1;
    await settle(world, [shard]);
    expect(await counts(world)).toEqual([0, 1, 1]);
    clock.now = noon + 90 * dayMs;
    expect(await counts(world)).toEqual([0, 0, 1]);
    clock.now = Date.parse('2027-05-06T00:00:00Z') + 400 * dayMs - 1;
    expect(await counts(world)).toEqual([0, 0, 1]);
    clock.now += 1;
    expect(await counts(world)).toEqual([0, 0, 0]);
  });

  it('shows what was older than that when it came for as long from its receipt', async () => {
    const clock = { now: noon + 500 * dayMs };
    const world = await worldAt(clock);
    await deliver(world, batchAt(1, noon));
    expect(await counts(world)).toEqual([3, 0, 0]);
    await settle(world, [shard]);
    expect(await counts(world)).toEqual([3, 1, 1]);
    clock.now += dayMs;
    expect(await counts(world)).toEqual([0, 1, 1]);
    clock.now += 89 * dayMs;
    expect(await counts(world)).toEqual([0, 0, 1]);
    clock.now += 310 * dayMs;
    expect(await counts(world)).toEqual([0, 0, 0]);
  });

  it('sets a batch aside whose windows have history but no rows any more', async () => {
    const clock = { now: noon + 600_000 };
    const sealed: number[][] = [];
    const world = {
      ...(await worldAt(clock)),
      setAside: async (_: unknown, __: unknown, windows: readonly number[]) => void sealed.push([...windows]),
    };
    await deliver(world, batchAt(1, noon));
    await settle(world, [shard]);
    clock.now = noon + 12 * 3_600_000;
    await settle(world, [shard]);
    clock.now = noon + 7 * dayMs;
    await deliver(world, batchAt(2, noon + 5_000));
    await settle(world, [shard]);
    expect(sealed).toEqual([]);
    clock.now = noon + 30 * dayMs;
    await deliver(world, batchAt(3, noon + 60_000 * 3, 4));
    await settle(world, [shard]);
    expect(sealed).toEqual([[noon]]);
    const history = await readHistoryColumns(world)(7, 'm-01', noon - dayMs, noon + dayMs);
    expect([...history.samples]).toEqual([6, 2]);
  });
});
