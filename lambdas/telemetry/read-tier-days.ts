import { joinOutages } from './availability.ts';
import {
  columnsForDays,
  type DayFigures,
  type DayGauge,
  dayGauges,
  dayRules,
  daysOf,
  type MinerDay,
  minerDayAt,
} from './daily-table.ts';
import { historyRules } from './history-table.ts';
import { historyOfMiner, nowOf, rereading, shardsToAsk, type TierReadStore } from './read-tiers.ts';
import { shardsOfSite } from './roster-repository.ts';
import { type SiteDay, siteDaysBetween, siteDaysFrom } from './site-days.ts';
import { type Shard, telemetryKeys } from './telemetry-keys.ts';
import { historyBlocks, layersOf } from './tier-history.ts';
import { hasWindow, type LateRun } from './tier-levels.ts';
import { type PlacedBlock, readBlocks, readLiveBlocks, type TierBlock } from './tier-repository.ts';
import { mergeSources, mergeStreams, readMinerOf } from './tier-streams.ts';
import { rowsOf, type TierTable } from './tier-table.ts';
import { keptMs, windowMs } from './windows.ts';

export type DayReadStore = TierReadStore & {
  readonly timeZoneOf: (siteId: number, gatewayId: string) => Promise<string>;
};

/** The months' blocks of a shard for dates, both with it. */
const readMonths = (store: DayReadStore, shard: Shard, fromDate: string, toDate: string) =>
  readBlocks(store)(telemetryKeys.monthsOfShard(shard), fromDate.slice(0, 7), toDate.slice(0, 7), true);

const monthOf = ({ key }: PlacedBlock) => key.sk;

/** Days that have five-minute blocks which the months do not know of yet. */
const freshDays = async (store: DayReadStore, shard: Shard, days: readonly SiteDay[]): Promise<SiteDay[]> => {
  const [first, last] = [days[0], days.at(-1)];
  if (!first || !last) return [];
  const zone = await store.timeZoneOf(shard.siteId, shard.gatewayId);
  const pk = telemetryKeys.blocksOfShard(shard, 'five');
  const blocks = await readLiveBlocks(store)(pk, first.startMs - windowMs, last.endMs);
  const dates = new Set(
    blocks.flatMap(({ startMs }) =>
      siteDaysBetween(zone, startMs, startMs + 2 * windowMs).map(({ date }) => date),
    ),
  );
  return days.filter(({ date }) => dates.has(date));
};

const isKept = ({ endMs, date }: SiteDay, late: readonly LateRun[], nowMs: number) =>
  nowMs < endMs + keptMs.daily ||
  late.some(
    ([first, count, receivedAtMs]) =>
      hasWindow([[first, count]], Number(date.slice(8))) && nowMs < receivedAtMs + keptMs.daily,
  );

/**
 * A miner's days from one date of its site to another, both with it, oldest first: 400 days. Exact up to the last roll-up of five minutes: days
 * that have changed since their month was written are computed from history.
 */
export const readMinerDays =
  (store: DayReadStore) =>
  (siteId: number, minerId: string, fromDate: string, toDate: string): Promise<MinerDay[]> =>
    rereading(async () => {
      const shards = await shardsToAsk(store, siteId, minerId);
      const found = await Promise.all(
        shards.map((shard) => daysInShard(store, shard, minerId, fromDate, toDate)),
      );
      const days = new Map<string, MinerDay>();
      for (const day of found.flat()) {
        const other = days.get(day.date);
        days.set(day.date, other ? addDays(other, day) : day);
      }
      return [...days.values()].toSorted((a, b) => (a.date < b.date ? -1 : 1));
    });

const daysInShard = async (
  store: DayReadStore,
  shard: Shard,
  minerId: string,
  fromDate: string,
  toDate: string,
): Promise<MinerDay[]> => {
  const zone = await store.timeZoneOf(shard.siteId, shard.gatewayId);
  const calendar = siteDaysFrom(zone, fromDate, toDate);
  const fresh = await freshDays(store, shard, calendar);
  const months = await readMonths(store, shard, fromDate, toDate);
  const isFresh = new Set(fresh.map(({ date }) => date));
  const nowMs = nowOf(store);
  const lateOf = new Map(months.map((month) => [monthOf(month), month.late]));
  const kept = new Set(
    calendar
      .filter((day) => isKept(day, lateOf.get(day.date.slice(0, 7)) ?? [], nowMs))
      .map(({ date }) => date),
  );
  const stored = await Promise.all(
    months.map(async (block) => {
      const source = { block, parts: block.content, shift: 0 };
      const table = await readMinerOf(store.blocks, source, dayRules.key, minerId);
      return daysOfTable(table, monthOf(block)).filter(({ date }) => kept.has(date) && !isFresh.has(date));
    }),
  );
  const computed = await Promise.all(
    fresh.map(async (day) => {
      const span = { fromMs: day.startMs - windowMs, toMs: day.endMs };
      const history = await historyOfMiner(store, shard, minerId, span, day.startMs, columnsForDays);
      return daysOfTable(daysOf(history, day.startMs, day), day.date.slice(0, 7));
    }),
  );
  return [...stored, ...computed].flat();
};

const daysOfTable = (table: TierTable, month: string): MinerDay[] =>
  Array.from({ length: table.rows }, (_, at) => minerDayAt(table, at, month));

const addFigures = (a: DayFigures | undefined, b: DayFigures | undefined): DayFigures | undefined => {
  if (!a || !b) return a ?? b;
  const count = a.count + b.count;
  return {
    count,
    mean: (a.mean * a.count + b.mean * b.count) / count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
};

/** Parts of one day of a miner that moved from one shard to another. */
const addDays = (a: MinerDay, b: MinerDay): MinerDay => {
  const figures: Partial<Record<DayGauge, DayFigures>> = {};
  for (const field of dayGauges) {
    const either = addFigures(a.figures[field], b.figures[field]);
    if (either) figures[field] = either;
  }
  const { up, down, planned, unknown } = a.outages;
  const windows = up + down + planned + unknown;
  const joined = joinOutages(a.outages, b.outages);
  return {
    date: a.date,
    samples: a.samples + b.samples,
    hashingSamples: a.hashingSamples + b.hashingSamples,
    energyKwh: a.energyKwh + b.energyKwh,
    hashrateThHours: a.hashrateThHours + b.hashrateThHours,
    acceptedShares: a.acceptedShares + b.acceptedShares,
    rejectedShares: a.rejectedShares + b.rejectedShares,
    staleShares: a.staleShares + b.staleShares,
    outages: { ...joined, unknown: Math.max(0, windows - joined.up - joined.down - joined.planned) },
    figures,
  };
};

export type SiteMinerDays = {
  readonly shard: Shard;
  readonly minerId: string;
  readonly days: readonly MinerDay[];
};

/**
 * The days of all miners of a site, shard by shard, in the order of the miners within each, holding a few hundred rows at a time. What the last
 * hourly roll-up of days has; days that none has taken in yet are computed. A miner that moved comes once with each of its shards.
 */
export const readSiteDays = (store: DayReadStore) =>
  async function* (siteId: number, fromDate: string, toDate: string): AsyncGenerator<SiteMinerDays> {
    for (const shard of await shardsOfSite(store)(siteId))
      for await (const { table, month } of shardMonths(store, shard, fromDate, toDate))
        for (const [place, minerId] of table.minerIds.entries()) {
          const [from, to] = rowsOf(table, place);
          const days = Array.from({ length: to - from }, (_, at) => minerDayAt(table, from + at, month));
          if (days.length > 0) yield { shard, minerId, days };
        }
  };

const shardMonths = async function* (store: DayReadStore, shard: Shard, fromDate: string, toDate: string) {
  const zone = await store.timeZoneOf(shard.siteId, shard.gatewayId);
  const calendar = siteDaysFrom(zone, fromDate, toDate);
  const fresh = await freshDays(store, shard, calendar);
  const months = new Map(
    (await readMonths(store, shard, fromDate, toDate)).map((block) => [monthOf(block), block]),
  );
  const nowMs = nowOf(store);
  for (const [month, days] of Map.groupBy(calendar, ({ date }) => date.slice(0, 7))) {
    const block: TierBlock | undefined = months.get(month);
    const late = block?.late ?? [];
    const kept = new Set(
      days.filter((day) => isKept(day, late, nowMs)).map(({ date }) => Number(date.slice(8))),
    );
    const missing = fresh.filter(
      ({ date }) => date.startsWith(month) && !hasWindow(block?.windows ?? [], Number(date.slice(8))),
    );
    const streams = [
      ...(block
        ? [
            mergeSources(store.blocks, [{ block, parts: block.content, shift: 0 }], dayRules, (_, day) =>
              kept.has(day),
            ),
          ]
        : []),
      ...missing.map((day) => computedDay(store, shard, day)),
    ];
    for await (const table of mergeStreams(streams, dayRules)) yield { table, month };
  }
};

const computedDay = async function* (
  store: DayReadStore,
  shard: Shard,
  day: SiteDay,
): AsyncGenerator<TierTable> {
  const span = { fromMs: day.startMs - windowMs, toMs: day.endMs };
  const blocks = await historyBlocks(store)(shard, span.fromMs, span.toMs);
  const { sources, keep } = layersOf(blocks, day.startMs, span, columnsForDays);
  for await (const history of mergeSources(store.blocks, sources, historyRules, keep))
    yield daysOf(history, day.startMs, day);
};
