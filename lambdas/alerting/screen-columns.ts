import { mayAlarm } from '../../contracts/error-codes/error-table.ts';
import { boardBelowChipC } from './chip-limits.ts';
import { hashrateScale, powerScale, tempScale } from './column-rows.ts';
import { noiseUnits } from './detect-anomalies.ts';
import type { FactColumns } from './fact-columns.ts';
import { dropShare, meanDropShare, meanWindowMs, noiseFactor } from './judge-hashrate.ts';
import { noisyShare, overLimit, tooLittle, wastefulFactor } from './judge-power.ts';
import { abovePeersC, nearLimitC } from './judge-temperature.ts';
import type { LiveRows } from './live-rows.ts';
import type { PeerColumns } from './peer-columns.ts';
import {
  isBlowing,
  isCool,
  isExpected,
  isFrugal,
  isHashing,
  isSteady,
  isWhole,
  type NewRows,
  noteMeans,
} from './screen-passes.ts';

/** What the detectors remember of a shard's miners, one entry a miner; NaN is absent. Noise in whole 1e-5. */
export type WatchColumns = {
  readonly startedMs: Float64Array;
  readonly rampedMs: Float64Array;
  readonly noise: Float64Array;
  readonly missed: Float64Array;
};

/** Sums and counts of a miner's last five minutes; the mean of a field is sum / count. */
export type MeanColumns = {
  readonly hashrateSum: Float64Array;
  readonly hashrateCount: Float64Array;
  readonly powerSum: Float64Array;
  readonly powerCount: Float64Array;
};

export type Screened = {
  readonly facts: FactColumns;
  readonly rows: LiveRows;
  readonly peers: PeerColumns;
  readonly means: MeanColumns;
  readonly watch: WatchColumns;
  /** Miners with a watch on one of their kinds. */
  readonly watched: ReadonlyMap<number, unknown>;
};

/**
 * Goes over new rows and settles those of which every detector would certainly find nothing: notes their noise and clears their
 * absence, which is all that `detectAnomalies` would change. The others are for `detectAnomalies`: their positions in
 * `rows` are returned. It errs on that side only.
 */
export const screenRows = (
  { facts, rows, peers, means, watch, watched }: Screened,
  newRows: Uint32Array,
  minerOf: Uint32Array,
): number[] => {
  const { batch, batchFields: fields } = rows;
  const its = registeredRows(newRows, batch.miner, minerOf, facts);
  const { length } = its.rows;
  const { clear, expected, mean, prior } = borrow(length);
  const alarms = Uint8Array.from([0, ...batch.errorSets.map((codes) => (codes.some(mayAlarm) ? 1 : 0))]);
  clear.fill(1);
  if (watched.size > 0)
    for (let at = 0; at < length; at++) if (watched.has(its.miners[at] as number)) clear[at] = 0;
  isSteady(clear, its, batch, fields.uptimeS, watch.rampedMs, alarms);
  isCool(clear, its, fields, facts.warnC, nearLimitC, isCoolAmongPeers);
  isBlowing(clear, its, fields);
  isExpected(clear, its, fields, batch.mode, facts.ratedHashrateThs, facts.ratedPowerW, expected);
  noteMeans(its, means.hashrateSum, means.hashrateCount, watch.noise, facts.noisePrior, mean, prior);
  const limits = { drop: dropShare, meanDrop: meanDropShare, noise: noiseFactor };
  isHashing(clear, its, fields.hashrateThs, expected, mean, prior, limits);
  isWhole(clear, its, fields);
  const bounds = { ...frugalBounds(facts, peers), noisyShare, overLimit };
  isFrugal(clear, its, fields, facts.group, prior, bounds, isFrugalAmongPeers);
  const open: number[] = [];
  for (let at = 0; at < length; at++) if (clear[at] === 0) open.push(its.rows[at] as number);
  noteClear(clear, its, fields.hashrateThs, { expected, mean, prior }, means.hashrateCount, watch);
  return open;

  function isCoolAmongPeers(row: number, miner: number, chipC: number) {
    const warnC = facts.warnC[miner] as number;
    if (!Number.isNaN(chipC)) {
      if (chipC >= warnC) return false;
      const group = facts.group[miner] as number;
      return chipC < warnC - nearLimitC || !(chipC >= peers.chipTempC(group) + abovePeersC);
    }
    return (
      facts.boardSensor[miner] === 0 ||
      !((fields.boardTempC[row] as number) / tempScale >= warnC - boardBelowChipC)
    );
  }

  function isFrugalAmongPeers(at: number) {
    if (clear[at] === 0) return false;
    const row = its.rows[at] as number;
    const miner = its.miners[at] as number;
    const group = facts.group[miner] as number;
    const ratedHashrate = facts.ratedHashrateThs[miner] as number;
    const ratedJth = (facts.ratedPowerW[miner] as number) / ratedHashrate;
    let hashrate = (fields.hashrateThs[row] as number) / hashrateScale;
    let powerW = (fields.powerW[row] as number) / powerScale;
    if ((prior[at] as number) >= noisyShare) {
      const atMs = batch.sampledAtMs[row] as number;
      const uptimeMs = (fields.uptimeS[row] as number) * 1000;
      const sinceMs = Math.max(known(watch.startedMs[miner] as number), watch.rampedMs[miner] as number);
      const samples = means.hashrateCount[miner] as number;
      const isSettled = atMs - sinceMs >= meanWindowMs && !(uptimeMs < 2 * meanWindowMs) && samples >= 5;
      const powers = means.powerCount[miner] as number;
      hashrate = isSettled ? (mean[at] as number) : Number.NaN;
      powerW = isSettled ? (means.powerSum[miner] as number) / powers / powerScale : Number.NaN;
    }
    if (!powerW || Number.isNaN(hashrate)) return true;
    const limit = fields.powerLimitW[row] as number;
    if (limit >= 100 && powerW > overLimit * limit) return false;
    const should = expected[at] as number;
    if (hashrate < 0.5 * (Number.isNaN(should) ? ratedHashrate : should)) return true;
    const efficiency = powerW / hashrate;
    const peersJth = peers.efficiencyJth(group);
    const usualJth = Number.isNaN(peersJth) ? ratedJth : peersJth;
    return efficiency <= wastefulFactor * usualJth && efficiency >= tooLittle * Math.min(usualJth, ratedJth);
  }
};

// Kept between calls: nothing here waits, so no two calls are under way at once.
let scratch = {
  rows: new Uint32Array(0),
  miners: new Uint32Array(0),
  clear: new Uint8Array(0),
  expected: new Float64Array(0),
  mean: new Float64Array(0),
  prior: new Float64Array(0),
};
const reserve = (length: number) => {
  if (scratch.rows.length >= length) return;
  const size = Math.max(length, 2 * scratch.rows.length, 1024);
  scratch = {
    rows: new Uint32Array(size),
    miners: new Uint32Array(size),
    clear: new Uint8Array(size),
    expected: new Float64Array(size),
    mean: new Float64Array(size),
    prior: new Float64Array(size),
  };
};
const borrow = (length: number) => ({
  clear: scratch.clear.subarray(0, length),
  expected: scratch.expected,
  mean: scratch.mean,
  prior: scratch.prior,
});

/** The rows of registered miners: of the others nothing is said. */
const registeredRows = (
  newRows: Uint32Array,
  miner: Uint32Array,
  minerOf: Uint32Array,
  { group }: FactColumns,
): NewRows => {
  reserve(newRows.length);
  const { rows, miners } = scratch;
  let length = 0;
  for (let at = 0; at < newRows.length; at++) {
    const row = newRows[at] as number;
    const own = minerOf[miner[row] as number] as number;
    if ((group[own] as number) < 0) continue;
    rows[length] = row;
    miners[length++] = own;
  }
  return { rows: rows.subarray(0, length), miners: miners.subarray(0, length) };
};

/**
 * By group, between what energies per hash every miner of it is as it should be, whatever the median of the group or the rating of the miner:
 * of a median one knows that it is not below the least nor above the most.
 */
const frugalBounds = ({ groups, leastRatedJth, mostRatedJth }: FactColumns, peers: PeerColumns) => {
  const least = new Float64Array(groups);
  const most = new Float64Array(groups);
  const { lowest, highest } = peers.efficiencyBounds();
  for (let group = 0; group < groups; group++) {
    const isKnown = (lowest[group] as number) <= (highest[group] as number);
    most[group] = wastefulFactor * ((isKnown ? lowest : leastRatedJth)[group] as number);
    least[group] = tooLittle * ((isKnown ? highest : mostRatedJth)[group] as number);
  }
  return { least, most };
};

/** What `detectAnomalies` would note of rows that are clear. */
const noteClear = (
  clear: Uint8Array,
  { rows, miners }: NewRows,
  hashrateThs: Float64Array,
  {
    expected,
    mean,
    prior,
  }: { readonly expected: Float64Array; readonly mean: Float64Array; readonly prior: Float64Array },
  samples: Float64Array,
  { noise, missed }: WatchColumns,
) => {
  for (let at = 0; at < rows.length; at++) {
    if (clear[at] === 0) continue;
    const miner = miners[at] as number;
    const should = expected[at] as number;
    const usual = mean[at] as number;
    const hashrate = (hashrateThs[rows[at] as number] as number) / hashrateScale;
    missed[miner] = Number.NaN;
    if (should > 0 && hashrate > 0 && usual > 0 && (samples[miner] as number) >= 3)
      noise[miner] = noiseUnits(prior[at] as number, Math.min(Math.abs(hashrate - usual) / should, 0.5));
  }
};

const known = (atMs: number) => (Number.isNaN(atMs) ? 0 : atMs);
