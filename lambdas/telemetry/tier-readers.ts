import type { ReadingField } from '../../contracts/reading.ts';
import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import type { MinerDay } from './daily-table.ts';
import type { WindowColumns } from './present-points.ts';

type OfMiner<T> = (
  siteId: number,
  minerId: string,
  fromMs: number,
  toMs: number,
  fields: readonly ReadingField[],
) => Promise<T>;

/** What the queries read of the tiers. */
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
