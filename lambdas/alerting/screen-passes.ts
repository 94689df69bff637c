import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import type { AllFields } from './column-rows.ts';
import { hashrateScale, powerScale, tempScale } from './column-rows.ts';
import { hashingState, lowMode, sleepMode } from './live-rows.ts';

/**
 * The screen's questions, one after the other over all new rows, `clear` saying of each whether no detector can have found anything so far:
 * 1, or 0 where one may. V8 looks up where an array's bytes are once for a short loop, but in every turn of a long one: this takes a
 * third of the time of one loop over everything.
 */
type Clear = Uint8Array;

/** Rows of a batch, and the miner of each. */
export type NewRows = { readonly rows: Uint32Array; readonly miners: Uint32Array };

/** Hashes as it did before: no start, no stop, no alarm of the firmware's own. */
export const isSteady = (
  clear: Clear,
  { rows, miners }: NewRows,
  { state, mode, errorSet, sampledAtMs }: TelemetryColumns,
  uptimeS: Float64Array,
  rampedMs: Float64Array,
  alarms: Uint8Array,
) => {
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number;
    if (state[row] !== hashingState || mode[row] === sleepMode || alarms[errorSet[row] as number] === 1)
      clear[at] = 0;
  }
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number;
    const ramped = rampedMs[miners[at] as number] as number;
    const bootedMs = (sampledAtMs[row] as number) - (uptimeS[row] as number) * 1000;
    // Either may be absent: no ramp is not steady, no uptime is no restart.
    if (!(ramped > 0) || bootedMs > ramped) clear[at] = 0;
  }
};

/** The chips are cool, or the board where they say nothing; where peers matter, `isCoolAmongPeers` says. */
export const isCool = (
  clear: Clear,
  { rows, miners }: NewRows,
  { chipTempC, board1ChipTempC, board2ChipTempC, board3ChipTempC }: AllFields,
  warnC: Float64Array,
  margin: number,
  isCoolAmongPeers: (row: number, miner: number, chipC: number) => boolean,
) => {
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number;
    const chip = chipTempC[row] as number;
    const one = board1ChipTempC[row] as number;
    const two = board2ChipTempC[row] as number;
    const three = board3ChipTempC[row] as number;
    let hottest = 0;
    if (chip > hottest) hottest = chip;
    if (one > hottest) hottest = one;
    if (two > hottest) hottest = two;
    if (three > hottest) hottest = three;
    const chipC = hottest > 0 ? hottest / tempScale : Number.NaN;
    const miner = miners[at] as number;
    if (!(chipC < (warnC[miner] as number) - margin) && !isCoolAmongPeers(row, miner, chipC)) clear[at] = 0;
  }
};

/** Every fan turns, and none much slower than the fastest. */
export const isBlowing = (
  clear: Clear,
  { rows }: NewRows,
  { fan1Rpm, fan2Rpm, fan3Rpm, fan4Rpm }: AllFields,
) => {
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number;
    const one = fan1Rpm[row] as number;
    const two = fan2Rpm[row] as number;
    const three = fan3Rpm[row] as number;
    const four = fan4Rpm[row] as number;
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
    if (least !== Number.POSITIVE_INFINITY && !(least > 0 && 2 * least >= most)) clear[at] = 0;
  }
};

/** What each miner should do now, in TH/s, into `expected`: NaN where nothing says so, and only a low mode may be silent about it. */
export const isExpected = (
  clear: Clear,
  { rows, miners }: NewRows,
  { expectedHashrateThs, powerLimitW }: AllFields,
  mode: Uint8Array,
  ratedHashrateThs: Float64Array,
  ratedPowerW: Float64Array,
  expected: Float64Array,
) => {
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number;
    const said = expectedHashrateThs[row] as number;
    // Zero and absent are no expectation.
    if (said > 0 || said < 0) {
      expected[at] = said / hashrateScale;
      if (said < 0 && mode[row] !== lowMode) clear[at] = 0;
      continue;
    }
    if (mode[row] === lowMode) {
      expected[at] = Number.NaN;
      continue;
    }
    const miner = miners[at] as number;
    const limit = powerLimitW[row] as number;
    const share = limit > 0 || limit < 0 ? Math.min(1, limit / (ratedPowerW[miner] as number)) : 1;
    const now = (ratedHashrateThs[miner] as number) * share;
    expected[at] = now;
    if (!(now > 0)) clear[at] = 0;
  }
};

/** The five-minute means of hashrate in TH/s, and how far a miner's samples stray from them. */
export const noteMeans = (
  { miners }: NewRows,
  hashrateSum: Float64Array,
  hashrateCount: Float64Array,
  noise: Float64Array,
  noisePrior: Float64Array,
  mean: Float64Array,
  prior: Float64Array,
) => {
  for (let at = 0; at < miners.length; at++) {
    const miner = miners[at] as number;
    mean[at] = (hashrateSum[miner] as number) / (hashrateCount[miner] as number) / hashrateScale;
    const known = noise[miner] as number;
    prior[at] = known >= 0 ? known / 1e5 : (noisePrior[miner] as number);
  }
};

/** Neither the sample nor the mean is far below what is expected. */
export const isHashing = (
  clear: Clear,
  { rows }: NewRows,
  hashrateThs: Float64Array,
  expected: Float64Array,
  mean: Float64Array,
  prior: Float64Array,
  limits: { readonly drop: number; readonly meanDrop: number; readonly noise: number },
) => {
  const { drop, meanDrop, noise } = limits;
  for (let at = 0; at < rows.length; at++) {
    const should = expected[at] as number;
    const strays = prior[at] as number;
    const hashrate = (hashrateThs[rows[at] as number] as number) / hashrateScale;
    if (hashrate < should) {
      const share = hashrate / should;
      if (share < 0.05 || share < 1 - Math.max(drop, noise * strays)) clear[at] = 0;
    }
    if ((mean[at] as number) < should * (1 - Math.max(meanDrop, 2 * strays))) clear[at] = 0;
  }
};

/** No board without hashrate, or without chips where its hashrate is not said. */
export const isWhole = (
  clear: Clear,
  { rows }: NewRows,
  {
    board1HashrateThs,
    board2HashrateThs,
    board3HashrateThs,
    board1Chips,
    board2Chips,
    board3Chips,
  }: AllFields,
) => {
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number;
    const one = board1HashrateThs[row] as number;
    const two = board2HashrateThs[row] as number;
    const three = board3HashrateThs[row] as number;
    if (one > 0 && two > 0 && three > 0) continue;
    if (
      one === 0 ||
      two === 0 ||
      three === 0 ||
      (Number.isNaN(one) && board1Chips[row] === 0) ||
      (Number.isNaN(two) && board2Chips[row] === 0) ||
      (Number.isNaN(three) && board3Chips[row] === 0)
    )
      clear[at] = 0;
  }
};

/**
 * Within its power limit, and per hash between the bounds of its group. Otherwise, and where single samples are noise, `isFrugalAmongPeers`
 * says.
 */
export const isFrugal = (
  clear: Clear,
  { rows, miners }: NewRows,
  { hashrateThs, powerW, powerLimitW }: AllFields,
  group: Int32Array,
  prior: Float64Array,
  { least, most, noisyShare, overLimit }: FrugalBounds,
  isFrugalAmongPeers: (at: number) => boolean,
) => {
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number;
    const power = (powerW[row] as number) / powerScale;
    const limit = powerLimitW[row] as number;
    const own = group[miners[at] as number] as number;
    const efficiency = power / ((hashrateThs[row] as number) / hashrateScale);
    const isBetween = efficiency <= (most[own] as number) && efficiency >= (least[own] as number);
    const isOver = limit >= 100 && power > overLimit * limit;
    if (isBetween && !isOver && (prior[at] as number) < noisyShare) continue;
    if (!isFrugalAmongPeers(at)) clear[at] = 0;
  }
};

type FrugalBounds = {
  /** By group, in J/TH. */
  readonly least: Float64Array;
  readonly most: Float64Array;
  readonly noisyShare: number;
  readonly overLimit: number;
};
