import type * as z from 'zod';
import type { AvailabilityAnswer, availabilityQuery } from '../../contracts/api-telemetry-series.ts';
import { type Result, succeed } from '../shared/result.ts';
import { addOutages, availabilityPct, joinOutages, noOutages, type Outages } from './availability.ts';
import type { MinerDay } from './daily-table.ts';
import { refusedFor } from './export-order.ts';
import type { GroupFactsOf } from './groups-table.ts';
import { checkSpan, rangeOf, rangeText } from './query-plan.ts';
import { type SiteDay, siteDaysBetween } from './site-days.ts';
import { dayMs, windowMs } from './windows.ts';

export type AvailabilityRequest = Omit<z.output<typeof availabilityQuery>, 'site_id'>;
/** Days of miners, each miner's in order: one date of the site to another, both with it; of all miners, or of those named. */
export type ReadDays = (
  siteId: number,
  fromDate: string,
  toDate: string,
  minerIds: readonly string[] | undefined,
) => AsyncIterable<{ readonly minerId: string; readonly days: readonly MinerDay[] }>;
type Site = { readonly siteId: number; readonly timeZone: string };

/** Availability and outages of miners or groups, from the daily tier: whole days of the site that the interval touches. */
export const availabilityOf =
  (readDays: ReadDays) =>
  async (
    { siteId, timeZone }: Site,
    request: AvailabilityRequest,
    factsOf: GroupFactsOf,
    nowMs: number,
  ): Promise<Result<AvailabilityAnswer>> => {
    const range = rangeOf(request, nowMs, 30 * dayMs);
    if (!range.ok) return range;
    const span = checkSpan(range.value, 'day');
    if (!span.ok) return span;
    const calendar = siteDaysBetween(timeZone, range.value.fromMs, range.value.toMs);
    const [first, last] = [calendar.at(0), calendar.at(-1)];
    const miners = await stretchesOf(
      first && last ? readDays(siteId, first.date, last.date, request.miner_id) : undefined,
      (minerId) => keyOf(request, minerId, factsOf(minerId)) !== undefined,
    );
    if (!miners) return tooManyDays;
    const groups = new Map<string, Group>();
    for (const [minerId, days] of miners) {
      const key = keyOf(request, minerId, factsOf(minerId)) ?? '';
      const before = groups.get(key) ?? { miners: 0, outages: noOutages };
      const outages = addOutages(before.outages, outagesOfDays(days, calendar));
      groups.set(key, { miners: before.miners + 1, outages });
    }
    const rows = sortRows([...groups].map(rowOf), request);
    const page = rows.slice(0, request.limit);
    const column = <K extends keyof Row>(name: K) => page.map((row) => row[name]);
    return succeed({
      site_id: siteId,
      by: request.by,
      ...rangeText({ fromMs: first?.startMs ?? range.value.fromMs, toMs: last?.endMs ?? range.value.toMs }),
      time_zone: timeZone,
      count: page.length,
      total: rows.length,
      columns: {
        key: column('key'),
        miners: column('miners'),
        availability_pct: column('availability_pct'),
        up_hours: column('up_hours'),
        down_hours: column('down_hours'),
        planned_hours: column('planned_hours'),
        unknown_hours: column('unknown_hours'),
        outages: column('outages'),
        mttr_minutes: column('mttr_minutes'),
        mtbf_hours: column('mtbf_hours'),
        longest_outage_minutes: column('longest_outage_minutes'),
      },
    });
  };

/** Days of miners that one answer is made of: 10,000 miners over 60 days. */
const mostMinerDays = 600_000;
const tooManyDays = refusedFor(
  'from',
  `the interval has more than ${mostMinerDays} days of miners; narrow it, or name miners`,
);

type DayOutages = Pick<MinerDay, 'date' | 'outages'>;

/** Undefined where there are more days than one answer may be made of. */
const stretchesOf = async (found: ReturnType<ReadDays> | undefined, fits: (minerId: string) => boolean) => {
  const miners = new Map<string, DayOutages[]>();
  let count = 0;
  for await (const { minerId, days } of found ?? []) {
    if (!fits(minerId)) continue;
    count += days.length;
    if (count > mostMinerDays) return undefined;
    const known = miners.get(minerId) ?? [];
    miners.set(minerId, known);
    for (const { date, outages } of days) known.push({ date, outages });
  }
  return miners;
};

/** The group that a miner counts to; undefined where it is not asked for. */
const keyOf = (
  { by, zone_id, model, customer_id }: AvailabilityRequest,
  minerId: string,
  facts: ReturnType<GroupFactsOf>,
) => {
  if (zone_id !== undefined && facts?.zoneId !== zone_id) return undefined;
  if (model !== undefined && facts?.model !== model) return undefined;
  if (customer_id !== undefined && facts?.customerId !== customer_id) return undefined;
  switch (by) {
    case 'site':
      return 'site';
    case 'miner':
      return minerId;
    case 'zone':
      return facts?.zoneId;
    case 'model':
      return facts?.model;
    case 'customer':
      return facts?.customerId;
  }
};

type Group = { readonly miners: number; readonly outages: Outages };

/** A miner's days joined in their order; days between its first and its last of which nothing is known are unknown. */
export const outagesOfDays = (days: readonly DayOutages[], calendar: readonly SiteDay[]): Outages => {
  const byDate = new Map<string, Outages>();
  for (const { date, outages } of days) {
    // A miner that moved has a part of a day with each of its shards.
    const other = byDate.get(date);
    byDate.set(date, other ? joinOutages(other, outages) : outages);
  }
  const dates = [...byDate.keys()].toSorted();
  const [first = '', last = ''] = [dates.at(0), dates.at(-1)];
  let joined = noOutages;
  for (const { date, startMs, endMs } of calendar) {
    if (date < first || date > last) continue;
    const windows = (endMs - startMs) / windowMs;
    const day = byDate.get(date) ?? { ...noOutages, unknown: windows };
    const unknown = Math.max(0, windows - day.up - day.down - day.planned);
    joined = joinOutages(joined, { ...day, unknown });
  }
  return joined;
};

const hours = (windows: number) => Math.round((windows * windowMs * 100) / 3_600_000) / 100;
const minutes = (windows: number) => Math.round((windows * windowMs * 10) / 60_000) / 10;

const rowOf = ([key, { miners, outages }]: [string, Group]) => ({
  key,
  miners,
  availability_pct: availabilityPct(outages),
  up_hours: hours(outages.up),
  down_hours: hours(outages.down),
  planned_hours: hours(outages.planned),
  unknown_hours: hours(outages.unknown),
  outages: outages.outages,
  mttr_minutes: outages.outages === 0 ? null : minutes(outages.down / outages.outages),
  mtbf_hours: outages.outages === 0 ? null : hours(outages.up / outages.outages),
  longest_outage_minutes: outages.outages === 0 ? null : minutes(outages.longest),
});
type Row = ReturnType<typeof rowOf>;

/** By the figure asked for, rows without it last; equal ones by key. */
const sortRows = (rows: readonly Row[], { sort, order }: AvailabilityRequest): Row[] => {
  const sign = order === 'asc' ? 1 : -1;
  const byKey = (a: Row, b: Row) => (a.key < b.key ? -1 : 1);
  if (sort === 'key') return rows.toSorted((a, b) => sign * byKey(a, b));
  return rows.toSorted((a, b) => {
    const [x, y] = [a[sort], b[sort]];
    if (x === null || y === null) return x === y ? byKey(a, b) : x === null ? 1 : -1;
    return sign * (x - y) || byKey(a, b);
  });
};
