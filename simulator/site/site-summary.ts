import * as z from 'zod';
import { isHashing } from '../physics/step-miner.ts';
import type { SimulatedMiner } from './simulated-miner.ts';

/** The site at a glance. */
export const siteSummarySchema = z.strictObject({
  miners: z.int(),
  hashing: z.int(),
  hashrateThs: z.number(),
  powerW: z.number(),
  hottestChipC: z.number(),
  faultyMiners: z.array(z.string()),
  hotZones: z.array(z.string()),
  speed: z.number(),
  simulatedS: z.number(),
});
export type SiteSummary = z.infer<typeof siteSummarySchema>;

/** Sums up all miners; each is caught up with the clock first. */
export const siteSummary = (
  miners: readonly SimulatedMiner[],
  site: { speed: number; simulatedS: number; hotZones: string[] },
): SiteSummary => {
  const summary: SiteSummary = {
    miners: miners.length,
    hashing: 0,
    hashrateThs: 0,
    powerW: 0,
    hottestChipC: 0,
    faultyMiners: [],
    ...site,
  };
  for (const miner of miners) {
    const { state } = miner;
    if (isHashing(state) && state.hashrateThs > 0) summary.hashing++;
    summary.hashrateThs += state.hashrateThs;
    summary.powerW += state.powerW;
    summary.hottestChipC = Math.max(summary.hottestChipC, state.hottestC);
    if (miner.faults.length > 0) summary.faultyMiners.push(miner.identity.minerId);
  }
  return summary;
};
