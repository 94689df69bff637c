import { isRamping, noisePrior, settledMean } from './judge-hashrate.ts';
import { bad, figure, good, isStopped, type Judge, type Sample, ths, unclear } from './judgement.ts';
import { expectedHashrateThs } from './miner-facts.ts';

/** More energy per hash than peers or rating by this factor is an anomaly; below the second it is over. */
export const wastefulFactor = 1.3;
const wellFactor = 1.2;
/** Less power than this share of what the hashrate needs: the meter or the supply is wrong. */
export const tooLittle = 0.55;
/** How far the firmware may overshoot its own limit. */
export const overLimit = 1.12;
/** From this noise on single samples say nothing of power. */
export const noisyShare = 0.04;
/** A new limit takes this long to be reached. */
const settleMs = 60_000;

/** Power anomaly: against the miner's own limit, and per hash against its peers or its rating. */
export const judgePower: Judge = (sample) => {
  const { reading, facts, peers } = sample;
  if (reading.state === 'unreachable' || isStopped(reading) || isRamping(sample)) return unclear;
  if (reading.state !== 'hashing') return unclear;
  const { hashrateThs, powerW } = steady(sample);
  const expected = expectedHashrateThs(reading, facts) ?? facts.ratedHashrateThs;
  const { powerLimitW } = reading.values;
  if (!powerW || hashrateThs === undefined) return unclear;
  if (powerLimitW && powerLimitW >= 100 && powerW > overLimit * powerLimitW)
    return bad(
      'P2',
      2,
      {
        en: `Power ${figure(powerW, 0)} W exceeds the limit of ${figure(powerLimitW, 0)} W by ${figure(100 * (powerW / powerLimitW - 1), 0)}%.`,
        zh: `功耗 ${figure(powerW, 0)} W，超过功率上限 ${figure(powerLimitW, 0)} W ${figure(100 * (powerW / powerLimitW - 1), 0)}%。`,
      },
      settleMs,
    );
  // With half of the hashrate gone, fans and supply weigh too much for a comparison per hash.
  if (hashrateThs < 0.5 * expected) return unclear;
  const efficiency = powerW / hashrateThs;
  const ratedJth = facts.ratedPowerW / facts.ratedHashrateThs;
  const usualJth = peers?.efficiencyJth ?? ratedJth;
  const [by, byZh] =
    peers?.efficiencyJth === undefined
      ? ['rated', '额定值']
      : [`usual among ${peers.miners} peers`, `${peers.miners} 台同类矿机的中位数`];
  const compared = {
    en: `Power ${figure(powerW, 0)} W at ${ths(hashrateThs)} TH/s is ${figure(efficiency)} J/TH; ${figure(usualJth)} J/TH is ${by}.`,
    zh: `功耗 ${figure(powerW, 0)} W、算力 ${ths(hashrateThs)} TH/s，能效 ${figure(efficiency)} J/TH；${byZh}为 ${figure(usualJth)} J/TH。`,
  };
  if (efficiency > wastefulFactor * Math.max(usualJth, reading.mode === 'high' ? ratedJth : 0))
    return bad('P2', 2, compared);
  if (efficiency < tooLittle * Math.min(usualJth, ratedJth)) return bad('P3', 3, compared);
  return efficiency < wellFactor * usualJth ? good : unclear;
};

/** One sample of a steady miner; the mean of five minutes where single samples are noise. */
const steady = (sample: Sample) => {
  const { reading, facts, state } = sample;
  if ((state.noise ?? noisePrior(facts)) < noisyShare) return reading.values;
  return settledMean(sample) ?? {};
};
