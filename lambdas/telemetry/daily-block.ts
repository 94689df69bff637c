import * as z from 'zod';
import type { ReadingField } from '../../contracts/reading.ts';
import { type HistoryBlock, type MinerWindow, riseWithin, scaleOf } from './history-block.ts';
import { windowMs } from './windows.ts';

/** One day of one miner. */
export const minerDay = z.strictObject({
  samples: z.int(),
  /** Windows in which it was heard of, of those that its shard has in this day. */
  windows: z.int(),
  shardWindows: z.int(),
  /** Share of the shard's windows that it hashed in, each window by its share of hashing samples. */
  availabilityPct: z.number(),
  /** Mean power of every window, times the window: windows without samples count as nothing. */
  energyKwh: z.number(),
  hashrateThHours: z.number(),
  avgHashrateThs: z.number().optional(),
  avgPowerW: z.number().optional(),
  minChipTempC: z.number().optional(),
  maxChipTempC: z.number().optional(),
  minInletTempC: z.number().optional(),
  maxInletTempC: z.number().optional(),
  acceptedShares: z.int(),
  rejectedShares: z.int(),
  staleShares: z.int(),
});
export type MinerDay = z.infer<typeof minerDay>;
export const dailyBlock = z.record(z.string(), minerDay);
export type DailyBlock = z.infer<typeof dailyBlock>;

/** A shard's day from its five-minute blocks, in the order of their windows. Computed anew each time, from nothing else. */
export const dayFrom = (blocks: readonly HistoryBlock[]): DailyBlock => {
  const byMiner = new Map<string, MinerWindow[]>();
  for (const { miners } of blocks)
    for (const [minerId, window] of Object.entries(miners)) {
      const windows = byMiner.get(minerId) ?? [];
      byMiner.set(minerId, windows);
      windows.push(window);
    }
  return Object.fromEntries(
    [...byMiner]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, windows]) => [id, minerDayFrom(windows, blocks.length)]),
  );
};

const windowHours = windowMs / 3_600_000;

const minerDayFrom = (windows: readonly MinerWindow[], shardWindows: number): MinerDay => {
  const hashing = sum(windows.map(({ states, samples }) => (states.hashing ?? 0) / samples));
  const hashrate = meansOf(windows, 'hashrateThs');
  const power = meansOf(windows, 'powerW');
  const chip = extremesOf(windows, 'chipTempC');
  const inlet = extremesOf(windows, 'inletTempC');
  return {
    samples: sum(windows.map(({ samples }) => samples)),
    windows: windows.length,
    shardWindows,
    availabilityPct: round((100 * hashing) / shardWindows, 2),
    energyKwh: round((sum(power.means) * windowHours) / 1000, 4),
    hashrateThHours: round(sum(hashrate.means) * windowHours, 4),
    ...(hashrate.mean !== undefined && { avgHashrateThs: round(hashrate.mean, 6) }),
    ...(power.mean !== undefined && { avgPowerW: round(power.mean, 2) }),
    ...(chip && { minChipTempC: chip.min, maxChipTempC: chip.max }),
    ...(inlet && { minInletTempC: inlet.min, maxInletTempC: inlet.max }),
    acceptedShares: increaseOf(windows, 'acceptedShares'),
    rejectedShares: increaseOf(windows, 'rejectedShares'),
    staleShares: increaseOf(windows, 'staleShares'),
  };
};

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const round = (value: number, decimals: number) => Number(value.toFixed(decimals));

/** The means of the windows, and the mean of all samples. */
const meansOf = (windows: readonly MinerWindow[], field: ReadingField) => {
  const parts = windows.flatMap(({ gauges }) => (gauges[field] ? [gauges[field]] : []));
  const samples = sum(parts.map(([count]) => count));
  return {
    means: parts.map(([count, total]) => total / count / scaleOf(field)),
    mean: parts.length === 0 ? undefined : sum(parts.map(([, total]) => total)) / samples / scaleOf(field),
  };
};

const extremesOf = (windows: readonly MinerWindow[], field: ReadingField) => {
  const parts = windows.flatMap(({ gauges }) => (gauges[field] ? [gauges[field]] : []));
  if (parts.length === 0) return undefined;
  return {
    min: Math.min(...parts.map((part) => part[2])) / scaleOf(field),
    max: Math.max(...parts.map((part) => part[3])) / scaleOf(field),
  };
};

/**
 * How far a counter rose. A counter that is lower than before was reset by a restart and has risen from zero; more than
 * one restart within five minutes is seen as one.
 */
const increaseOf = (windows: readonly MinerWindow[], field: ReadingField) => {
  let before: number | undefined;
  let rise = 0;
  for (const { counters } of windows) {
    const figures = counters[field];
    if (!figures) continue;
    const [, first, , last] = figures;
    if (before !== undefined) rise += first >= before ? first - before : first;
    rise += riseWithin(figures);
    before = last;
  }
  return rise;
};
