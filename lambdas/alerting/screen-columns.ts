import { boardBelowChipC } from './chip-limits.ts';
import { hashrateScale, powerScale, tempScale } from './column-rows.ts';
import { noiseUnits } from './detect-anomalies.ts';
import type { FactColumns } from './fact-columns.ts';
import { fanCode } from './judge-fans.ts';
import { dropShare, meanDropShare, meanWindowMs, noiseFactor } from './judge-hashrate.ts';
import { noisyShare, overLimit, tooLittle, wastefulFactor } from './judge-power.ts';
import { abovePeersC, nearLimitC, tooHotCode } from './judge-temperature.ts';
import { expectedOf, hashingState, hottestOf, type LiveRows, lowMode, sleepMode } from './live-rows.ts';
import type { PeerColumns } from './peer-columns.ts';

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
  readonly watched: (miner: number) => boolean;
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
  const open: number[] = [];
  const alarms = [false, ...batch.errorSets.map((codes) => codes.some(isAlarm))];
  for (let index = 0; index < newRows.length; index++) {
    const row = newRows[index] as number;
    const miner = minerOf[batch.miner[row] as number] as number;
    const group = facts.group[miner] as number;
    if (group < 0) continue;
    const atMs = batch.sampledAtMs[row] as number;
    const mode = batch.mode[row] as number;
    const uptimeMs = (fields.uptimeS[row] as number) * 1000;
    const rampedMs = watch.rampedMs[miner] as number;
    const isSteady =
      batch.state[row] === hashingState &&
      mode !== sleepMode &&
      !alarms[batch.errorSet[row] as number] &&
      !Number.isNaN(rampedMs) &&
      !(atMs - uptimeMs > rampedMs) &&
      !watched(miner);
    if (!isSteady || !isCool(row, miner, group) || !isBlowing(row)) {
      open.push(row);
      continue;
    }
    const noiseBefore = watch.noise[miner] as number;
    const prior = Number.isNaN(noiseBefore) ? (facts.noisePrior[miner] as number) : noiseBefore / 1e5;
    const ratedPowerW = facts.ratedPowerW[miner] as number;
    const ratedHashrate = facts.ratedHashrateThs[miner] as number;
    const expected = expectedOf(fields, mode, row, ratedHashrate, ratedPowerW);
    if (!(expected > 0) && mode !== lowMode) {
      open.push(row);
      continue;
    }
    const hashrate = (fields.hashrateThs[row] as number) / hashrateScale;
    const samples = means.hashrateCount[miner] as number;
    const meanHashrate = (means.hashrateSum[miner] as number) / samples / hashrateScale;
    if (hashrate < expected) {
      const share = hashrate / expected;
      if (share < 0.05 || share < 1 - Math.max(dropShare, noiseFactor * prior)) {
        open.push(row);
        continue;
      }
    }
    if (meanHashrate < expected * (1 - Math.max(meanDropShare, 2 * prior)) || hasDeadBoard(row)) {
      open.push(row);
      continue;
    }
    let steadyHashrate = hashrate;
    let steadyPowerW = (fields.powerW[row] as number) / powerScale;
    if (prior >= noisyShare) {
      const sinceMs = Math.max(known(watch.startedMs[miner] as number), rampedMs);
      const isSettled = atMs - sinceMs >= meanWindowMs && !(uptimeMs < 2 * meanWindowMs) && samples >= 5;
      const powers = means.powerCount[miner] as number;
      steadyHashrate = isSettled ? meanHashrate : Number.NaN;
      steadyPowerW = isSettled ? (means.powerSum[miner] as number) / powers / powerScale : Number.NaN;
    }
    const usual = Number.isNaN(expected) ? ratedHashrate : expected;
    if (!isFrugal(row, group, steadyHashrate, steadyPowerW, usual, ratedPowerW / ratedHashrate)) {
      open.push(row);
      continue;
    }
    watch.missed[miner] = Number.NaN;
    if (expected > 0 && hashrate > 0 && meanHashrate > 0 && samples >= 3)
      watch.noise[miner] = noiseUnits(prior, Math.min(Math.abs(hashrate - meanHashrate) / expected, 0.5));
  }
  return open;

  function isCool(row: number, miner: number, group: number) {
    const chipC = hottestOf(fields, row);
    const warnC = facts.warnC[miner] as number;
    if (!Number.isNaN(chipC)) {
      if (chipC >= warnC) return false;
      return chipC < warnC - nearLimitC || !(chipC >= peers.chipTempC(group) + abovePeersC);
    }
    return (
      facts.boardSensor[miner] === 0 ||
      !((fields.boardTempC[row] as number) / tempScale >= warnC - boardBelowChipC)
    );
  }

  /** Every fan turns, and none much slower than the fastest. */
  function isBlowing(row: number) {
    const one = fields.fan1Rpm[row] as number;
    const two = fields.fan2Rpm[row] as number;
    const three = fields.fan3Rpm[row] as number;
    const four = fields.fan4Rpm[row] as number;
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    if (one < least) least = one;
    if (two < least) least = two;
    if (three < least) least = three;
    if (four < least) least = four;
    if (one > most) most = one;
    if (two > most) most = two;
    if (three > most) most = three;
    if (four > most) most = four;
    return least === Number.POSITIVE_INFINITY || (least > 0 && 2 * least >= most);
  }

  function hasDeadBoard(row: number) {
    const one = fields.board1HashrateThs[row] as number;
    const two = fields.board2HashrateThs[row] as number;
    const three = fields.board3HashrateThs[row] as number;
    if (one === 0 || two === 0 || three === 0) return true;
    if (one > 0 && two > 0 && three > 0) return false;
    return (
      (Number.isNaN(one) && fields.board1Chips[row] === 0) ||
      (Number.isNaN(two) && fields.board2Chips[row] === 0) ||
      (Number.isNaN(three) && fields.board3Chips[row] === 0)
    );
  }

  /** Within its power limit, and per hash neither much more nor much less than its peers or its rating. */
  function isFrugal(
    row: number,
    group: number,
    hashrate: number,
    powerW: number,
    usualHashrate: number,
    ratedJth: number,
  ) {
    if (!powerW || Number.isNaN(hashrate)) return true;
    const limit = fields.powerLimitW[row] as number;
    if (limit >= 100 && powerW > overLimit * limit) return false;
    if (hashrate < 0.5 * usualHashrate) return true;
    const efficiency = powerW / hashrate;
    const peersJth = peers.efficiencyJth(group);
    const usualJth = Number.isNaN(peersJth) ? ratedJth : peersJth;
    return efficiency <= wastefulFactor * usualJth && efficiency >= tooLittle * Math.min(usualJth, ratedJth);
  }
};

/** Codes that a detector takes for a finding by themselves. */
const isAlarm = (code: string) => fanCode.test(code) || tooHotCode.test(code);

const known = (atMs: number) => (Number.isNaN(atMs) ? 0 : atMs);
