import type { MinerReading } from '../../contracts/reading.ts';
import { scaleOf } from '../../contracts/telemetry-columns.ts';
import type { DetectorState } from '../alerting/detector-state.ts';

/** Width of the slices from which the sliding mean is made, and how many of them it spans: five minutes. */
export const sliceMs = 30_000;
export const slicesKept = 10;

/**
 * One slice of a miner's last five minutes: [slice number, hashrate samples, their sum in 1e-4 TH/s, power samples, their
 * sum in cW]. Sums are whole numbers, so the order in which samples arrive cannot change them.
 */
type Slice = readonly [number, number, number, number, number];

export type LiveMiner = {
  readonly reading: MinerReading;
  readonly slices: readonly Slice[];
  readonly watch: DetectorState;
};

/** The latest of every miner of one shard. */
export type LiveBlock = {
  readonly siteId: number;
  readonly gatewayId: string;
  readonly shard: number;
  /** Grows with every write; the condition of the next one. 0: not stored yet. */
  readonly version: number;
  /** The newest sample, and when a batch last came. */
  readonly newestMs: number;
  readonly receivedAtMs: number;
  /** Usual time between two sweeps, once two were seen. */
  readonly intervalMs?: number | undefined;
  /** Its gateway's silence has been reported and no batch has come since. */
  readonly silent?: boolean;
  readonly miners: ReadonlyMap<string, LiveMiner>;
};

export const emptyBlock = (siteId: number, gatewayId: string, shard: number): LiveBlock => ({
  siteId,
  gatewayId,
  shard,
  version: 0,
  newestMs: 0,
  receivedAtMs: 0,
  miners: new Map(),
});

/** The newer of two readings of a miner; of two with one time, always the same one, whichever came first. */
export const newer = (a: MinerReading | undefined, b: MinerReading): MinerReading => {
  if (!a || a.sampledAtMs < b.sampledAtMs) return b;
  if (a.sampledAtMs > b.sampledAtMs) return a;
  return JSON.stringify(a) >= JSON.stringify(b) ? a : b;
};

/** Adds a sample to a miner's slices and lets go of those older than five minutes before its newest sample. */
export const addSample = (
  slices: readonly Slice[],
  reading: MinerReading,
  newestMs: number,
): readonly Slice[] => {
  const oldest = Math.floor(newestMs / sliceMs) - slicesKept + 1;
  const at = Math.floor(reading.sampledAtMs / sliceMs);
  const kept = slices.filter(([number]) => number >= oldest);
  if (at < oldest) return kept;
  const { hashrateThs, powerW } = reading.values;
  if (hashrateThs === undefined && powerW === undefined) return kept;
  const before = kept.find(([number]) => number === at) ?? [at, 0, 0, 0, 0];
  const after: Slice = [
    at,
    before[1] + (hashrateThs === undefined ? 0 : 1),
    before[2] + Math.round((hashrateThs ?? 0) * scaleOf('hashrateThs')),
    before[3] + (powerW === undefined ? 0 : 1),
    before[4] + Math.round((powerW ?? 0) * 100),
  ];
  return [...kept.filter(([number]) => number !== at), after].toSorted((a, b) => a[0] - b[0]);
};

export type SlidingMean = {
  readonly hashrateThs?: number;
  readonly powerW?: number;
  readonly samples: number;
};

/** Mean of a miner's last five minutes. */
export const slidingMean = (slices: readonly Slice[]): SlidingMean => {
  let [hashSamples, hashSum, powerSamples, powerSum] = [0, 0, 0, 0];
  for (const [, n, sum, powerN, powers] of slices) {
    hashSamples += n;
    hashSum += sum;
    powerSamples += powerN;
    powerSum += powers;
  }
  return {
    samples: hashSamples,
    ...(hashSamples > 0 && { hashrateThs: hashSum / hashSamples / scaleOf('hashrateThs') }),
    ...(powerSamples > 0 && { powerW: powerSum / powerSamples / 100 }),
  };
};
