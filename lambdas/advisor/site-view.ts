import type { MinerReading } from '../../contracts/reading.ts';
import type { RegisteredMiner } from '../fleet/fleet-directory.ts';

/** What the advisor sees of a site, through fleet's and telemetry's exported reads. */
export type SiteView = {
  readonly readMiners: (siteId: number) => Promise<readonly RegisteredMiner[]>;
  /** The newest reading of every miner of the site. */
  readonly readLive: (siteId: number) => Promise<readonly MinerReading[]>;
  /** A miner's readings since then, oldest first. */
  readonly readRecent: (siteId: number, minerId: string, sinceMs: number) => Promise<readonly MinerReading[]>;
};

/** Power and share of the site's hashrate that an action on these miners touches. */
export const impactOn = (live: readonly MinerReading[], minerIds: readonly string[]) => {
  const chosen = new Set(minerIds);
  let powerW = 0;
  let touchedThs = 0;
  let siteThs = 0;
  for (const { minerId, values } of live) {
    siteThs += values.hashrateThs ?? 0;
    if (!chosen.has(minerId)) continue;
    powerW += values.powerW ?? 0;
    touchedThs += values.hashrateThs ?? 0;
  }
  return {
    powerKw: Math.round(powerW) / 1_000,
    revenuePct: siteThs > 0 ? Math.round((touchedThs / siteThs) * 10_000) / 100 : 0,
  };
};
