import type { ReadingField } from '../../contracts/reading.ts';
import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import type { MinerDay } from './daily-table.ts';
import type { ReadDays } from './get-availability.ts';
import { readMinerDays, readSiteDays } from './read-tier-days.ts';
import { readHistoryColumns, readRawColumns, type TierReadStore, type WindowColumns } from './read-tiers.ts';

type OfMiner<T> = (
  siteId: number,
  minerId: string,
  fromMs: number,
  toMs: number,
  fields: readonly ReadingField[],
) => Promise<T>;

/** What the queries read of a miner. */
export type TierReaders = {
  /** Samples in [fromMs, toMs), oldest first. */
  readonly raw: OfMiner<TelemetryColumns>;
  /** Five-minute windows that start in [fromMs, toMs), oldest first. */
  readonly windows: OfMiner<WindowColumns>;
  /** Days from one date of the site to another, both with it, oldest first. */
  readonly days: (
    siteId: number,
    minerId: string,
    fromDate: string,
    toDate: string,
  ) => Promise<readonly MinerDay[]>;
};

/** The tiers of a site whose days are those of its time zone. */
export const tierReaders = (store: TierReadStore, timeZone: string): TierReaders => ({
  raw: readRawColumns(store),
  windows: readHistoryColumns(store),
  days: readMinerDays({ ...store, timeZoneOf: async () => timeZone }),
});

/** Miners that are read at the same time. */
const atOnce = 8;

/** Days of named miners, or of all miners of a site. */
export const daysOfMiners = (store: TierReadStore, timeZone: string): ReadDays => {
  const days = { ...store, timeZoneOf: async () => timeZone };
  return async function* (siteId, fromDate, toDate, minerIds) {
    if (!minerIds) return yield* readSiteDays(days)(siteId, fromDate, toDate);
    for (let at = 0; at < minerIds.length; at += atOnce)
      yield* await Promise.all(
        minerIds.slice(at, at + atOnce).map(async (minerId) => ({
          minerId,
          days: await readMinerDays(days)(siteId, minerId, fromDate, toDate),
        })),
      );
  };
};
