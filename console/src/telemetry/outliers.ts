import type { LiveMiner } from '../pages/live-fleet.ts';
import { type Figure, figureOf, figures } from './figures.ts';

/** A miner's figure beside those of its peers: the hashing miners of the same model in the same zone. */
export type Outlier = {
  readonly miner: LiveMiner;
  readonly figure: Figure;
  readonly value: number;
  readonly median: number;
  /** How many robust standard deviations it lies from the peers' median; above it where positive. */
  readonly deviation: number;
  readonly peers: number;
};

/** The usual bound for the robust z (Iglewicz and Hoaglin). */
export const farFrom = 3.5;
/** Fewer tell nothing about what is usual. */
export const fewestPeers = 5;
/** The median of absolute deviations of a normal spread times this is its standard deviation. */
const normal = 1.4826;
const measured = figures.filter((figure) => figure !== 'state');
/** What counts as the least spread, so that twins do not turn noise into outliers: in the figure's own unit. */
const leastSpread: Record<Exclude<Figure, 'state'>, number> = {
  temp: 1,
  hashrate: 1,
  power: 25,
  efficiency: 0.2,
};

/** Of sorted numbers. */
export const medianOf = (sorted: ArrayLike<number>) => {
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2;
};

/** Median and robust standard deviation of unsorted numbers. */
export const robustly = (values: readonly number[]) => {
  const sorted = Float64Array.from(values).sort();
  const median = medianOf(sorted);
  const distances = sorted.map((value) => Math.abs(value - median)).sort();
  return { median, spread: normal * medianOf(distances) };
};

/**
 * The miners whose figures lie `farFrom` or more from their peers, the farthest first; each with its farthest figure.
 * Miners that do not hash are known by their state and are neither peers nor outliers.
 */
export const findOutliers = (miners: readonly LiveMiner[]): Outlier[] => {
  const hashing = miners.filter(({ state }) => state === 'hashing');
  const groups = Map.groupBy(hashing, ({ model, zoneId }) => `${model}\n${zoneId}`);
  const farthest = new Map<string, Outlier>();
  for (const members of groups.values())
    for (const figure of measured) {
      const known = members.flatMap((miner) => {
        const value = figureOf(miner, figure);
        return value === null ? [] : [{ miner, value }];
      });
      if (known.length <= fewestPeers) continue;
      const { median, spread } = robustly(known.map(({ value }) => value));
      for (const { miner, value } of known) {
        const deviation = (value - median) / Math.max(spread, leastSpread[figure]);
        const before = farthest.get(miner.minerId);
        if (Math.abs(deviation) < Math.max(farFrom, Math.abs(before?.deviation ?? 0))) continue;
        farthest.set(miner.minerId, { miner, figure, value, median, deviation, peers: known.length - 1 });
      }
    }
  return [...farthest.values()].toSorted((a, b) => Math.abs(b.deviation) - Math.abs(a.deviation));
};
