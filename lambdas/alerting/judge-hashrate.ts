import type { DetectorState } from './detector-state.ts';
import {
  bad,
  figure,
  good,
  isStopped,
  type Judge,
  type Judgement,
  type Sample,
  ths,
  unclear,
} from './judgement.ts';
import { boardsOf, expectedHashrateThs, type MinerFacts } from './miner-facts.ts';

/** A miner may take this long from its start to its full hashrate. It ends early once the miner has been there. */
export const bootGraceMs = 10 * 60_000;
export const rampedShare = 0.93;
/** What counts as a drop in one sample of a steady miner, and in the mean of five minutes. */
export const dropShare = 0.2;
export const meanDropShare = 0.15;
/** Samples of a noisy miner must fall by this many of its mean absolute deviations. */
export const noiseFactor = 4.5;
export const meanWindowMs = 5 * 60_000;

/** One chip reports a far noisier hashrate than hundreds. */
export const noisePrior = ({ vendor }: MinerFacts) => (vendor === 'bitaxe' ? 0.1 : 0.02);
const noiseOf = ({ state, facts }: Sample) => state.noise ?? noisePrior(facts);

/** Still on the way to its full hashrate. A miner that was never seen to start is judged by its uptime. */
export const isRamping = ({
  reading,
  state,
}: Pick<Sample, 'reading'> & { readonly state: DetectorState }) => {
  if (state.rampedMs !== undefined) return false;
  const { uptimeS } = reading.values;
  const sinceStartMs = state.startedMs === undefined ? undefined : reading.sampledAtMs - state.startedMs;
  const youngest = Math.min(
    sinceStartMs ?? Number.POSITIVE_INFINITY,
    uptimeS === undefined ? Number.POSITIVE_INFINITY : uptimeS * 1000,
  );
  return youngest < bootGraceMs;
};

/** Hashrate drop: against what the firmware expects or the miner is rated for, with its peers and boards as witnesses. */
export const judgeHashrate: Judge = (sample) => {
  const { reading, facts } = sample;
  if (reading.state === 'unreachable' || reading.state === 'booting') return unclear;
  if (isStopped(reading)) return good;
  if (isRamping(sample)) return unclear;
  const expected = expectedHashrateThs(reading, facts);
  const hashrate = reading.values.hashrateThs ?? (reading.state === 'hashing' ? undefined : 0);
  if (hashrate === undefined || !expected) return unclear;
  const share = hashrate / expected;
  const peers = peerText(sample);
  if (share < 0.05)
    return bad('P1', 2, {
      en: `The miner is reachable but hashes at ${ths(hashrate)} of the expected ${ths(expected)} TH/s.${peers.en}`,
      zh: `矿机可达，但算力仅 ${ths(hashrate)} TH/s，预期 ${ths(expected)} TH/s。${peers.zh}`,
    });
  return judgeBoards(sample, expected) ?? judgeShare(sample, share, expected, peers);
};

const judgeShare = (
  sample: Sample,
  share: number,
  expected: number,
  peers: { en: string; zh: string },
): Judgement => {
  const noise = noiseOf(sample);
  const allowed = Math.max(dropShare, noiseFactor * noise);
  const now = sample.reading.values.hashrateThs ?? 0;
  if (share < 1 - allowed)
    return bad('P2', 2, {
      en: `Hashrate ${ths(now)} TH/s is ${figure(100 * (1 - share), 0)}% below the expected ${ths(expected)} TH/s.${peers.en}`,
      zh: `算力 ${ths(now)} TH/s，比预期 ${ths(expected)} TH/s 低 ${figure(100 * (1 - share), 0)}%。${peers.zh}`,
    });
  const mean = settledMean(sample)?.hashrateThs;
  const meanAllowed = Math.max(meanDropShare, 2 * noise);
  if (mean !== undefined && mean < expected * (1 - meanAllowed))
    return bad('P3', 2, {
      en: `The five-minute mean of ${ths(mean)} TH/s is ${figure(100 * (1 - mean / expected), 0)}% below the expected ${ths(expected)} TH/s.${peers.en}`,
      zh: `5 分钟平均算力 ${ths(mean)} TH/s，比预期 ${ths(expected)} TH/s 低 ${figure(100 * (1 - mean / expected), 0)}%。${peers.zh}`,
    });
  return share >= 1 - Math.max(dropShare / 2, 2 * noise) ? good : unclear;
};

/** A board without chips or hashrate beside boards that hash. */
const judgeBoards = ({ reading }: Sample, expected: number): Judgement | undefined => {
  if (reading.state !== 'hashing') return undefined;
  const boards = boardsOf(reading);
  const living = boards.filter(({ hashrateThs }) => (hashrateThs ?? 0) > 0);
  const dead = boards.filter(
    ({ hashrateThs, chips }) => hashrateThs === 0 || (hashrateThs === undefined && chips === 0),
  );
  if (dead.length === 0 || living.length === 0) return undefined;
  const names = dead.map(({ board }) => board).join(', ');
  const chipless = dead.every(({ chips }) => chips === 0);
  const now = ths(reading.values.hashrateThs ?? 0);
  return bad('P2', chipless ? 1 : 2, {
    en: `Hashboard ${names} hashes at 0 TH/s${chipless ? ' with 0 chips found' : ''}; the miner gives ${now} of the expected ${ths(expected)} TH/s.`,
    zh: `算力板 ${names} 算力为 0${chipless ? '，未识别到芯片' : ''}；整机 ${now} TH/s，预期 ${ths(expected)} TH/s。`,
  });
};

/** The five-minute mean, once it no longer reaches back into a start. */
export const settledMean = ({ mean, reading, state }: Sample) => {
  const since = Math.max(state.startedMs ?? 0, state.rampedMs ?? 0);
  const uptimeMs = (reading.values.uptimeS ?? Number.POSITIVE_INFINITY) * 1000;
  const settled = reading.sampledAtMs - since >= meanWindowMs && uptimeMs >= 2 * meanWindowMs;
  return settled && mean && mean.samples >= 5 ? mean : undefined;
};

const peerText = ({ peers, facts }: Sample) =>
  peers?.hashrateShare === undefined
    ? { en: '', zh: '' }
    : {
        en: ` ${peers.miners} peers (${facts.model}, zone ${facts.zoneId}) run at ${figure(100 * peers.hashrateShare, 0)}% of theirs.`,
        zh: `${peers.miners} 台同类矿机（${facts.model}，分区 ${facts.zoneId}）为预期的 ${figure(100 * peers.hashrateShare, 0)}%。`,
      };
