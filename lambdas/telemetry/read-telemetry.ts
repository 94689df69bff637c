import type { MinerReading } from '../../contracts/reading.ts';
import { toReadings } from '../../contracts/telemetry-columns.ts';
import { nowOf, readRawColumns, type TierReadStore } from './read-tiers.ts';
import { dayMs } from './windows.ts';

/** A miner's single readings since a time, oldest first, as far as the raw tier keeps them. */
export const readRecentReadings =
  (store: TierReadStore) =>
  async (siteId: number, minerId: string, sinceMs: number): Promise<MinerReading[]> =>
    toReadings(await readRawColumns(store)(siteId, minerId, sinceMs, nowOf(store) + dayMs));
