import type { AlertKind, Severity } from '../../contracts/alert.ts';
import { alertKinds, severities } from '../../contracts/alert.ts';
import type { Text } from '../../contracts/text.ts';
import type { DetectorState, KindWatch } from './detector-state.ts';
import { judgeFans } from './judge-fans.ts';
import { isRamping, judgeHashrate, noisePrior, rampedShare } from './judge-hashrate.ts';
import { judgePower } from './judge-power.ts';
import { judgeTemperature } from './judge-temperature.ts';
import { bad, good, isStopped, type Judge, type Judgement, type Sample } from './judgement.ts';
import { expectedHashrateThs } from './miner-facts.ts';

/** An anomaly that still holds is told again this often, in sample time: the evidence that it goes on. */
export const tellAgainMs = 60_000;
/** Good samples in a row that end an anomaly. */
const recoverySamples = 2;

export type Finding = { readonly kind: AlertKind; readonly severity: Severity; readonly reason: Text };
export type Detection = {
  readonly state: DetectorState;
  readonly findings: readonly Finding[];
  readonly recoveries: readonly AlertKind[];
};

/** A restart that was asked for takes less than this until the miner answers again. */
const restartMs = 45_000;

const judgeReach: Judge = ({ reading, state }) => {
  if (reading.state !== 'unreachable') return good;
  const { bad: sweeps = 0, sinceMs = reading.sampledAtMs } = state.kinds.offline ?? {};
  const forS = Math.round((reading.sampledAtMs - sinceMs) / 1000);
  return bad(
    'P2',
    2,
    {
      en: `The miner has not answered in ${sweeps >= 9 ? 'more than 9' : sweeps + 1} sweeps in a row, over ${forS} s.`,
      zh: `矿机连续 ${sweeps >= 9 ? '9 轮以上' : `${sweeps + 1} 轮`}采集无响应，已持续 ${forS} 秒。`,
    },
    restartMs,
  );
};

const judges: Readonly<Record<AlertKind, Judge>> = {
  overheating: judgeTemperature,
  fan_failure: judgeFans,
  hashrate_drop: judgeHashrate,
  power_anomaly: judgePower,
  offline: judgeReach,
};

/**
 * Judges one new sample of one miner. Pure: the same sample on the same state always finds the same. A finding is
 * reported when enough bad samples in a row agree, again when it gets worse, and once a minute while it lasts;
 * a recovery after two good samples (one, for a miner that answers again).
 */
export const detectAnomalies = (given: Sample): Detection => {
  const begun = { ...given, state: noteStart(given) };
  const findings: Finding[] = [];
  const recoveries: AlertKind[] = [];
  const kinds: Partial<Record<AlertKind, KindWatch>> = {};
  for (const kind of alertKinds) {
    const step = stepKind(begun.state.kinds[kind], judges[kind](begun), kind, given.reading.sampledAtMs);
    if (step.watch) kinds[kind] = step.watch;
    if (step.finding) findings.push({ kind, ...step.finding });
    if (step.recovered) recoveries.push(kind);
  }
  return { state: { ...begun.state, kinds, ...noteNoise(begun, kinds) }, findings, recoveries };
};

type Step = {
  readonly watch?: KindWatch;
  readonly finding?: Omit<Finding, 'kind'>;
  readonly recovered?: boolean;
};

const stepKind = (
  before: KindWatch | undefined,
  judgement: Judgement,
  kind: AlertKind,
  nowMs: number,
): Step => {
  const { active } = before ?? {};
  if (judgement.is === 'unclear') return active && before ? { watch: { ...before, good: 0 } } : {};
  if (judgement.is === 'good') {
    if (!active) return {};
    const count = (before?.good ?? 0) + 1;
    if (count >= (kind === 'offline' ? 1 : recoverySamples)) return { recovered: true };
    return { watch: { bad: 0, good: count, active } };
  }
  const count = Math.min((before?.bad ?? 0) + 1, 9);
  const { severity, reason, samples, lastingMs = 0 } = judgement;
  const sinceMs = before?.sinceMs ?? nowMs;
  const worse = active && severities.indexOf(severity) < severities.indexOf(active.severity);
  if (!active && (count < samples || nowMs - sinceMs < lastingMs))
    return { watch: { bad: count, good: 0, sinceMs } };
  const worst = active && !worse ? active.severity : severity;
  if (active && !worse && nowMs - active.toldMs < tellAgainMs)
    return { watch: { bad: count, good: 0, sinceMs, active } };
  return {
    watch: { bad: count, good: 0, sinceMs, active: { severity: worst, toldMs: nowMs } },
    finding: { severity: worst, reason },
  };
};

/** Notes when a miner begins anew and when it first reaches its expected hashrate after that. */
const noteStart = ({ reading, facts, state }: Sample): DetectorState => {
  const nowMs = reading.sampledAtMs;
  const { uptimeS, hashrateThs } = reading.values;
  const { missed: _, ...rest } = state;
  if (reading.state === 'unreachable') return rest;
  const bootedMs = uptimeS === undefined ? undefined : nowMs - uptimeS * 1000;
  const rebooted = bootedMs !== undefined && rest.rampedMs !== undefined && bootedMs > rest.rampedMs;
  const begins = isStopped(reading) || reading.state === 'booting' || rebooted;
  if (begins) {
    const { rampedMs: __, ...anew } = rest;
    return { ...anew, startedMs: rebooted ? bootedMs : nowMs };
  }
  if (rest.rampedMs !== undefined || hashrateThs === undefined || reading.state !== 'hashing') return rest;
  const expected = expectedHashrateThs(reading, facts);
  return expected && hashrateThs >= rampedShare * expected ? { ...rest, rampedMs: nowMs } : rest;
};

/** How far single samples of a healthy miner stray from its mean. Learned slowly, and only while nothing is wrong. */
const noteNoise = ({ reading, facts, mean, state }: Sample, kinds: DetectorState['kinds']) => {
  const { hashrateThs } = reading.values;
  const expected = expectedHashrateThs(reading, facts);
  const quiet = reading.state === 'hashing' && !kinds.hashrate_drop && !isRamping({ reading, state });
  if (!quiet || !expected || !hashrateThs || !mean?.hashrateThs || mean.samples < 3) return {};
  const before = state.noise ?? noisePrior(facts);
  const deviation = Math.min(Math.abs(hashrateThs - mean.hashrateThs) / expected, 0.5);
  return { noise: roundedNoise(before, deviation) };
};

/** Noise after one more deviation, in whole 1e-5, so that a column can keep it. */
export const noiseUnits = (before: number, deviation: number) =>
  Math.round((before + 0.05 * (deviation - before)) * 1e5);
const roundedNoise = (before: number, deviation: number) => noiseUnits(before, deviation) / 1e5;
