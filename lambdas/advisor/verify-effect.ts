import type { ActionType } from '../../contracts/api-advisor.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import type { Text } from '../../contracts/text.ts';
import type { Json } from './json.ts';
import type { Verdict } from './recommendation.ts';
import { boardsOf, hottest, works } from './symptoms.ts';

/** Medians of the untouched peers of a target: same model and zone, not among the targets. */
export type PeerFigures = {
  readonly count: number;
  readonly hashrateThs?: number | undefined;
  readonly chipTempC?: number | undefined;
  readonly powerW?: number | undefined;
};

export type TargetObservation = {
  readonly minerId: string;
  readonly ratedHashrateThs: number;
  readonly ratedPowerW: number;
  readonly before?: MinerReading | undefined;
  readonly peersBefore: PeerFigures;
  /** The newest reading taken after the command was settled; undefined while there is none. */
  readonly after?: MinerReading | undefined;
  readonly peersAfter: PeerFigures;
};

/** `holds` undefined: the readings do not tell (yet). */
type Check = {
  readonly holds: boolean | undefined;
  readonly score: number;
  readonly worse?: boolean;
  readonly evidence: Text;
};
export type Effect = {
  readonly verdict: Verdict | 'pending';
  readonly score: number | undefined;
  readonly evidence: readonly Text[];
};

/** A restarted miner is well again when it hashes within this share of its peers. */
const recoveredShare = 0.9;
const mostEvidence = 5;

/**
 * Whether later telemetry shows the intended effect. `effective` as soon as every target shows it; otherwise `pending`
 * until the observation window is over, and then `worse` where a target got worse, `no_effect` where one did not
 * change, `inconclusive` where nothing was heard of one. The score is the mean over the targets, 0 to 1; undefined
 * where nothing was heard. Pure.
 */
export const verifyEffect = (
  action: { readonly type: ActionType; readonly params: Json },
  targets: readonly TargetObservation[],
  windowOver: boolean,
): Effect => {
  const checks = targets.map((target) => checkOf(action, target));
  const evidence = checks
    .toSorted((a, b) => Number(a.holds ?? false) - Number(b.holds ?? false))
    .map((check) => check.evidence);
  const heard = checks.filter(({ holds }) => holds !== undefined);
  const score =
    heard.length > 0 ? heard.reduce((sum, check) => sum + check.score, 0) / heard.length : undefined;
  const answer = (verdict: Effect['verdict']): Effect => ({
    verdict,
    score: score === undefined ? undefined : Math.round(score * 100) / 100,
    evidence: evidence.slice(0, mostEvidence),
  });
  if (targets.length === 0) return { verdict: 'inconclusive', score: undefined, evidence: [] };
  if (checks.every(({ holds }) => holds === true)) return answer('effective');
  if (!windowOver) return answer('pending');
  if (checks.some(({ worse }) => worse)) return answer('worse');
  if (checks.some(({ holds }) => holds === false)) return answer('no_effect');
  return answer('inconclusive');
};

const checkOf = (
  action: { readonly type: ActionType; readonly params: Json },
  target: TargetObservation,
): Check => {
  const { after, minerId } = target;
  if (!after) {
    return {
      holds: undefined,
      score: 0,
      evidence: {
        en: `${minerId} has not been heard of since the command`,
        zh: `命令之后未收到 ${minerId} 的数据`,
      },
    };
  }
  switch (action.type) {
    case 'reboot':
      return recovered(target, after);
    case 'power_on':
    case 'restore':
      return recovered(target, after);
    case 'power_off':
      return stopped(target, after);
    case 'curtail':
      return action.params.mode === 'low' || action.params.mode === 'normal'
        ? lessPower(target, after)
        : stopped(target, after);
    case 'adjust_fan':
      return cooler(target, after);
    case 'adjust_frequency':
      return retuned(action.params, target, after);
    case 'switch_pool':
      return mining(target, after);
    case 'alert_only':
    case 'manual_review':
      return { holds: undefined, score: 0, evidence: { en: 'Nothing was done', zh: '未执行任何操作' } };
  }
};

const fixed = (value: number | undefined, digits = 1) => (value === undefined ? '–' : value.toFixed(digits));

/** After a restart: no board is missing, and the hashrate is near that of the peers (or its rating, without peers). */
const recovered = (
  { minerId, before, peersAfter, ratedHashrateThs }: TargetObservation,
  after: MinerReading,
): Check => {
  const normal = peersAfter.hashrateThs ?? ratedHashrateThs;
  const own = after.values.hashrateThs ?? 0;
  const boards = boardsOf(after, before ? [before] : []);
  const working = boards.filter(works).length;
  const workedBefore = before ? boardsOf(before, [after]).filter(works).length : working;
  const boardsBack = boards.length === 0 || working === boards.length;
  const holds = after.state === 'hashing' && boardsBack && own >= normal * recoveredShare;
  const worse = after.state === 'unreachable' || (boards.length > 0 && working < workedBefore);
  return {
    holds,
    score: holds ? Math.min(1, own / normal) : 0,
    worse,
    evidence: {
      en: `${minerId}: ${working} of ${boards.length} boards work (${workedBefore} before), ${fixed(own)} TH/s against ${fixed(normal)} TH/s of ${peersAfter.count} untouched peers`,
      zh: `${minerId}：${working}/${boards.length} 块算力板工作（之前 ${workedBefore} 块），算力 ${fixed(own)} TH/s，${peersAfter.count} 台未操作的同类为 ${fixed(normal)} TH/s`,
    },
  };
};

/** Stopped: it does not hash, draws next to nothing, and is not hotter than before. */
const stopped = (
  { minerId, before, ratedPowerW, peersAfter }: TargetObservation,
  after: MinerReading,
): Check => {
  const powerW = after.values.powerW;
  const chipC = hottest(after);
  const chipBeforeC = before && hottest(before);
  const idle =
    (after.values.hashrateThs ?? 0) <= 0.5 && after.state !== 'hashing' && after.state !== 'unreachable';
  const quiet = powerW === undefined || powerW <= Math.max(150, ratedPowerW * 0.1);
  const cooling = chipC === undefined || chipBeforeC === undefined || chipC <= chipBeforeC;
  const holds = after.state === 'unreachable' ? undefined : idle && quiet && cooling;
  return {
    holds,
    score: holds ? 1 : 0,
    worse: !idle && chipC !== undefined && chipBeforeC !== undefined && chipC >= chipBeforeC + 5,
    evidence: {
      en: `${minerId}: ${after.state}, ${fixed(powerW, 0)} W (${fixed(before?.values.powerW, 0)} W before), chips ${fixed(chipC)} °C (${fixed(chipBeforeC)} °C before); untouched peers ${fixed(peersAfter.powerW, 0)} W`,
      zh: `${minerId}：${after.state}，${fixed(powerW, 0)} W（之前 ${fixed(before?.values.powerW, 0)} W），芯片 ${fixed(chipC)} °C（之前 ${fixed(chipBeforeC)} °C）；未操作的同类 ${fixed(peersAfter.powerW, 0)} W`,
    },
  };
};

const lessPower = ({ minerId, before, ratedPowerW }: TargetObservation, after: MinerReading): Check => {
  const was = before?.values.powerW ?? ratedPowerW;
  const is = after.values.powerW;
  const holds = is === undefined ? undefined : is <= was * 0.9;
  return {
    holds,
    score: holds ? 1 : 0,
    worse: is !== undefined && is > was * 1.1,
    evidence: {
      en: `${minerId}: ${fixed(is, 0)} W after ${fixed(was, 0)} W`,
      zh: `${minerId}：功率由 ${fixed(was, 0)} W 变为 ${fixed(is, 0)} W`,
    },
  };
};

/** Its own change of temperature minus that of its peers, so that a cooler evening proves nothing. */
const relativeChange = ({ before, peersBefore, peersAfter }: TargetObservation, after: MinerReading) => {
  const was = before && hottest(before);
  const is = hottest(after);
  if (was === undefined || is === undefined) return undefined;
  const drift =
    peersBefore.chipTempC !== undefined && peersAfter.chipTempC !== undefined
      ? peersAfter.chipTempC - peersBefore.chipTempC
      : 0;
  return { was, is, drift, change: is - was - drift };
};

const cooler = (target: TargetObservation, after: MinerReading): Check => {
  const relative = relativeChange(target, after);
  if (!relative)
    return {
      holds: undefined,
      score: 0,
      evidence: { en: `${target.minerId} states no temperature`, zh: `${target.minerId} 未上报温度` },
    };
  const { was, is, drift, change } = relative;
  const holds = change <= -1.5;
  return {
    holds,
    score: holds ? Math.min(1, 0.5 - change / 20) : 0,
    worse: change >= 3,
    evidence: {
      en: `${target.minerId}: chips ${fixed(was)} → ${fixed(is)} °C while untouched peers changed by ${fixed(drift)} °C`,
      zh: `${target.minerId}：芯片 ${fixed(was)} → ${fixed(is)} °C，同期未操作的同类变化 ${fixed(drift)} °C`,
    },
  };
};

const retuned = (params: Json, target: TargetObservation, after: MinerReading): Check => {
  const wanted = typeof params.frequency_mhz === 'number' ? params.frequency_mhz : undefined;
  const is = after.values.frequencyMhz;
  const holds =
    wanted === undefined || is === undefined
      ? undefined
      : Math.abs(is / wanted - 1) <= 0.03 && after.state === 'hashing';
  const change = relativeChange(target, after)?.change;
  return {
    holds: holds && change !== undefined ? change <= 0.5 : holds,
    score: holds ? 1 : 0,
    worse: (change !== undefined && change >= 3) || after.state === 'unreachable',
    evidence: {
      en: `${target.minerId}: ${fixed(is, 0)} MHz (wanted ${fixed(wanted, 0)}), chips ${fixed(hottest(after))} °C`,
      zh: `${target.minerId}：频率 ${fixed(is, 0)} MHz（目标 ${fixed(wanted, 0)}），芯片 ${fixed(hottest(after))} °C`,
    },
  };
};

const mining = ({ minerId, before }: TargetObservation, after: MinerReading): Check => {
  const shares = after.values.acceptedShares;
  const sharesBefore = before?.values.acceptedShares;
  const alive = after.values.poolsAlive;
  const growing =
    shares === undefined
      ? undefined
      : sharesBefore === undefined || shares < sharesBefore
        ? shares > 0
        : shares > sharesBefore;
  const holds = alive === 0 ? false : growing;
  return {
    holds,
    score: holds ? 1 : 0,
    worse: after.state === 'unreachable',
    evidence: {
      en: `${minerId}: ${fixed(alive, 0)} pools alive, ${fixed(shares, 0)} accepted shares (${fixed(sharesBefore, 0)} before)`,
      zh: `${minerId}：可用矿池 ${fixed(alive, 0)} 个，已接受份额 ${fixed(shares, 0)}（之前 ${fixed(sharesBefore, 0)}）`,
    },
  };
};
