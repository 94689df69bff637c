import { scaleOf } from '../../contracts/telemetry-columns.ts';

/** Width of the slices from which the sliding means are made, and how many of them they span: five minutes. */
export const sliceMs = 30_000;
export const slicesKept = 10;

/**
 * Sums and counts of hashrate (1e-4 TH/s) and power (cW) of a shard's miners, by slice of time. Slice number `s` lies at place `s % slicesKept`, the
 * entry of a miner at `place * miners + miner`. Sums are whole numbers, so the order in which samples arrive cannot
 * change them. A count of 0 goes with a sum of 0.
 */
export type Slices = {
  readonly hashrateSum: Float64Array;
  readonly hashrateCount: Float64Array;
  readonly powerSum: Float64Array;
  readonly powerCount: Float64Array;
};
export const sliceKinds = ['hashrateSum', 'hashrateCount', 'powerSum', 'powerCount'] as const;

export const emptySlices = (miners: number): Slices => ({
  hashrateSum: new Float64Array(miners * slicesKept),
  hashrateCount: new Float64Array(miners * slicesKept),
  powerSum: new Float64Array(miners * slicesKept),
  powerCount: new Float64Array(miners * slicesKept),
});

/** A copy for `miners` miners; `places` says where each of the old ones goes, left out where they stay. */
export const copySlices = (from: Slices, miners: number, places?: Uint32Array): Slices => {
  if (!places)
    return {
      hashrateSum: from.hashrateSum.slice(),
      hashrateCount: from.hashrateCount.slice(),
      powerSum: from.powerSum.slice(),
      powerCount: from.powerCount.slice(),
    };
  const to = emptySlices(miners);
  for (const kind of sliceKinds)
    for (let slot = 0; slot < slicesKept; slot++)
      for (let old = 0; old < places.length; old++)
        to[kind][slot * miners + (places[old] as number)] = from[kind][slot * places.length + old] as number;
  return to;
};

/** Lets go of what is older than five minutes before a miner's new newest sample. */
export const moveOn = (slices: Slices, miners: number, miner: number, fromMs: number, toMs: number) => {
  const to = Math.floor(toMs / sliceMs);
  const from = Math.max(Math.floor(fromMs / sliceMs), to - slicesKept);
  for (let slice = from + 1; slice <= to; slice++) {
    const at = (slice % slicesKept) * miners + miner;
    slices.hashrateSum[at] = 0;
    slices.hashrateCount[at] = 0;
    slices.powerSum[at] = 0;
    slices.powerCount[at] = 0;
  }
};

/** Adds a sample, `times` 1, or takes it out again, -1; NaN is a value that it has not. Samples before the kept slices change nothing. */
export const addSample = (
  slices: Slices,
  miners: number,
  miner: number,
  newestMs: number,
  atMs: number,
  hashrate: number,
  power: number,
  times = 1,
) => {
  const slice = Math.floor(atMs / sliceMs);
  if (slice <= Math.floor(newestMs / sliceMs) - slicesKept) return;
  const at = (slice % slicesKept) * miners + miner;
  if (!Number.isNaN(hashrate)) {
    slices.hashrateSum[at] = (slices.hashrateSum[at] as number) + times * hashrate;
    slices.hashrateCount[at] = (slices.hashrateCount[at] as number) + times;
  }
  if (!Number.isNaN(power)) {
    slices.powerSum[at] = (slices.powerSum[at] as number) + times * power;
    slices.powerCount[at] = (slices.powerCount[at] as number) + times;
  }
};

/** Which places hold something of anybody, as bits. */
export const filledSlots = (column: Float64Array, miners: number): number => {
  let filled = 0;
  for (let slot = 0; slot < slicesKept; slot++) {
    const end = (slot + 1) * miners;
    for (let at = slot * miners; at < end; at++)
      if (column[at] !== 0) {
        filled |= 1 << slot;
        break;
      }
  }
  return filled;
};

/** The sums over all slices, one entry a miner. */
export const sumSlices = (slices: Slices, miners: number): Slices => ({
  hashrateSum: sumOf(slices.hashrateSum, miners),
  hashrateCount: sumOf(slices.hashrateCount, miners),
  powerSum: sumOf(slices.powerSum, miners),
  powerCount: sumOf(slices.powerCount, miners),
});

const sumOf = (column: Float64Array, miners: number) => {
  const sum = new Float64Array(miners);
  const filled = filledSlots(column, miners);
  for (let slot = 0; slot < slicesKept; slot++) {
    if ((filled & (1 << slot)) === 0) continue;
    const base = slot * miners;
    for (let miner = 0; miner < miners; miner++)
      sum[miner] = (sum[miner] as number) + (column[base + miner] as number);
  }
  return sum;
};

export type SlidingMean = {
  readonly hashrateThs?: number;
  readonly powerW?: number;
  readonly samples: number;
};

/** Mean of a miner's last five minutes, from `sumSlices`. */
export const slidingMean = (sums: Slices, miner: number): SlidingMean => {
  const samples = sums.hashrateCount[miner] ?? 0;
  const powers = sums.powerCount[miner] ?? 0;
  return {
    samples,
    ...(samples > 0 && { hashrateThs: (sums.hashrateSum[miner] ?? 0) / samples / scaleOf('hashrateThs') }),
    ...(powers > 0 && { powerW: (sums.powerSum[miner] ?? 0) / powers / scaleOf('powerW') }),
  };
};
