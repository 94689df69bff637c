import type { OwnMachines } from '../fleet/own-machines.ts';
import { fail, type Result } from '../shared/result.ts';
import type { FactsOf } from './apply-columns.ts';
import { refusedFor } from './export-order.ts';
import type { ReadGroups } from './get-aggregates.ts';
import type { ReadDays } from './get-availability.ts';
import type { CounterWindows, GaugeWindows } from './history-table.ts';
import type { LiveTable } from './live-table.ts';
import { mergeGroups } from './merge-groups.ts';
import type { LiveRequest } from './query-live.ts';
import type { WindowColumns } from './read-tiers.ts';
import { takeRows } from './row-sets.ts';
import { siteDay } from './site-days.ts';
import type { TierReaders } from './tier-readers.ts';
import { windowMs } from './windows.ts';

/** The rows for which a test holds, as their places. */
const placesWhere = (rows: number, test: (at: number) => boolean): Int32Array => {
  const found = new Int32Array(rows);
  let count = 0;
  for (let at = 0; at < rows; at++) if (test(at)) found[count++] = at;
  return found.subarray(0, count);
};

/** Some windows of a miner. */
const takeWindows = (windows: WindowColumns, places: Int32Array): WindowColumns => {
  const take = (column: Float64Array) => Float64Array.from(places, (at) => column[at] ?? Number.NaN);
  const gauge = (of: GaugeWindows): GaugeWindows => ({
    kind: 'gauge',
    n: take(of.n),
    sum: take(of.sum),
    min: take(of.min),
    max: take(of.max),
  });
  const counter = (of: CounterWindows): CounterWindows => ({
    kind: 'counter',
    n: take(of.n),
    first: take(of.first),
    last: take(of.last),
    rise: take(of.rise),
  });
  return {
    rows: places.length,
    startMs: take(windows.startMs),
    samples: take(windows.samples),
    states: windows.states.map(take),
    gauge: (field) => {
      const of = windows.gauge(field);
      return of && gauge(of);
    },
    counter: (field) => {
      const of = windows.counter(field);
      return of && counter(of);
    },
  };
};

/** What the tiers say of the machines of some customers while they were theirs: samples, and whole windows and days. */
export const ownReaders = (readers: TierReaders, own: OwnMachines, timeZone: string): TierReaders => ({
  raw: async (siteId, minerId, fromMs, toMs, fields) => {
    const found = await readers.raw(siteId, minerId, fromMs, toMs, fields);
    const atMs = (at: number) => found.sampledAtMs[at] ?? 0;
    const places = placesWhere(found.rows, (at) => own.ownThrough(minerId, atMs(at), atMs(at) + 1));
    return places.length === found.rows ? found : takeRows(found, places);
  },
  windows: async (siteId, minerId, fromMs, toMs, fields) => {
    const found = await readers.windows(siteId, minerId, fromMs, toMs, fields);
    const startMs = (at: number) => found.startMs[at] ?? 0;
    const places = placesWhere(found.rows, (at) =>
      own.ownThrough(minerId, startMs(at), startMs(at) + windowMs),
    );
    return places.length === found.rows ? found : takeWindows(found, places);
  },
  days: async (siteId, minerId, fromDate, toDate) =>
    (await readers.days(siteId, minerId, fromDate, toDate)).filter(isOwnDay(own, minerId, timeZone)),
});

const isOwnDay =
  (own: OwnMachines, minerId: string, timeZone: string) =>
  ({ date }: { readonly date: string }) => {
    const { startMs, endMs } = siteDay(timeZone, date);
    return own.ownThrough(minerId, startMs, endMs);
  };

/** Days of the machines of some customers while they were theirs. */
export const ownDays = (readDays: ReadDays, own: OwnMachines, timeZone: string): ReadDays =>
  async function* (siteId, fromDate, toDate, minerIds) {
    for await (const { minerId, days } of readDays(siteId, fromDate, toDate, minerIds)) {
      const kept = days.filter(isOwnDay(own, minerId, timeZone));
      if (kept.length > 0) yield { minerId, days: kept };
    }
  };

/** What the registry says of them; of a machine that is another's by now nothing. */
export const ownFacts =
  (factsOf: FactsOf, own: OwnMachines): FactsOf =>
  (minerId) =>
    own.isOwn(minerId) ? factsOf(minerId) : undefined;

/** The live list of the machines that are theirs now, and the customers that it may name. */
export const ownLive = <R extends LiveRequest>(table: LiveTable, request: R, own: OwnMachines) => ({
  table: {
    ...table,
    customerId: table.customerId.map((customer) =>
      customer !== null && own.customers.includes(customer) ? customer : null,
    ),
  },
  request: {
    ...request,
    miner_id: request.miner_id ? request.miner_id.filter((id) => own.minerIds.includes(id)) : own.minerIds,
  },
});

/** Sums over the groups of their customers: each by itself, or all together as what they have at the site. */
export const ownGroups =
  (readGroups: ReadGroups, own: OwnMachines): ReadGroups =>
  async (siteId, { by, key }, fromMs, toMs) => {
    const wanted =
      by === 'customer' && key !== undefined ? own.customers.filter((one) => one === key) : own.customers;
    const found = await Promise.all(
      wanted.map((customer) => readGroups(siteId, { by: 'customer', key: customer }, fromMs, toMs)),
    );
    const groups = found.flat();
    return by === 'customer' ? groups : [mergeGroups('', groups)];
  };

/** Sums by zone or model hold everybody's machines. */
export const checkOwnGrouping = (by: string): Result<never> | undefined =>
  by === 'site' || by === 'customer'
    ? undefined
    : refusedFor('by', 'must be site or customer for an account of a customer');

export const minerNotFound = fail('not_found', 'Miner not found');
