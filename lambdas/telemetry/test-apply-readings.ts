import type { AnomaliesDetected, Anomaly } from '../../contracts/alert.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import { detectAnomalies } from '../alerting/detect-anomalies.ts';
import { freshState } from '../alerting/detector-state.ts';
import { peerGroup, peerMedians } from '../alerting/peer-medians.ts';
import type { FactsOf } from './apply-columns.ts';
import { noteAbsences } from './test-absent-miners.ts';
import { addSample, type LiveBlock, type LiveMiner, newer, slidingMean } from './test-live-block.ts';

type Detected = Pick<AnomaliesDetected, 'anomalies' | 'recoveries'>;
export type Applied = Detected & { readonly block: LiveBlock };

/** Readings further apart than this are no sweep, and no yardstick for each other. */
const sweepMs = 2 * 60_000;

/**
 * For tests: what `applyColumns` must come to, reading by reading and without columns.
 *
 * Merges a batch into its shard's live block and runs the detectors on every reading that is newer than the miner's
 * latest. Latest readings and means do not depend on the order in which batches arrive; detection looks forward only.
 */
export const applyBatch = (
  before: LiveBlock,
  readings: readonly MinerReading[],
  receivedAtMs: number,
  factsOf: FactsOf,
): Applied => {
  const miners = new Map(before.miners);
  const anomalies: Anomaly[] = [];
  const recoveries: AnomaliesDetected['recoveries'] = [];
  for (const sweep of sweepsOf(readings)) {
    const fresh = sweep.filter((reading) => addToLive(miners, reading));
    const endMs = sweep.at(-1)?.sampledAtMs ?? 0;
    const peers = fresh.length > 0 ? peerMedians(recentSweep(miners, endMs, factsOf)) : new Map();
    for (const reading of fresh) {
      const facts = factsOf(reading.minerId);
      const miner = miners.get(reading.minerId);
      if (!facts || !miner) continue;
      const mean = slidingMean(miner.slices);
      const found = detectAnomalies({
        reading,
        facts,
        peers: peers.get(peerGroup(facts)),
        mean,
        state: miner.watch,
      });
      miners.set(reading.minerId, { ...miner, watch: found.state });
      const { minerId, sampledAtMs } = reading;
      for (const finding of found.findings)
        anomalies.push({ minerId, zoneId: facts.zoneId, ...finding, reading });
      for (const kind of found.recoveries) recoveries.push({ minerId, kind, sampledAtMs });
    }
  }
  const newestMs = Math.max(before.newestMs, ...readings.map(({ sampledAtMs }) => sampledAtMs));
  const intervalMs =
    before.newestMs > 0 && newestMs > before.newestMs
      ? usualInterval(before, newestMs - before.newestMs)
      : before.intervalMs;
  const present = new Set(readings.map(({ minerId }) => minerId));
  const absent = newestMs > before.newestMs ? noteAbsences(miners, present, newestMs, factsOf) : [];
  return {
    block: {
      ...before,
      silent: false,
      miners,
      newestMs,
      intervalMs,
      receivedAtMs: Math.max(before.receivedAtMs, receivedAtMs),
    },
    anomalies: [...anomalies, ...absent],
    recoveries,
  };
};

/** Adds a reading to its miner; true when it is the miner's newest. */
const addToLive = (miners: Map<string, LiveMiner>, reading: MinerReading) => {
  const miner = miners.get(reading.minerId);
  const latest = newer(miner?.reading, reading);
  const isNewer = !miner || reading.sampledAtMs > miner.reading.sampledAtMs;
  const slices = addSample(miner?.slices ?? [], reading, latest.sampledAtMs);
  miners.set(reading.minerId, { reading: latest, slices, watch: miner?.watch ?? freshState });
  return isNewer;
};

/** The readings in the order of their samples, cut wherever a miner comes again. */
const sweepsOf = (readings: readonly MinerReading[]) => {
  const sweeps: MinerReading[][] = [];
  let seen = new Set<string>();
  for (const reading of readings.toSorted(
    (a, b) => a.sampledAtMs - b.sampledAtMs || (a.minerId < b.minerId ? -1 : 1),
  )) {
    if (sweeps.length === 0 || seen.has(reading.minerId)) {
      sweeps.push([]);
      seen = new Set();
    }
    seen.add(reading.minerId);
    sweeps.at(-1)?.push(reading);
  }
  return sweeps;
};

const recentSweep = function* (miners: ReadonlyMap<string, LiveMiner>, atMs: number, factsOf: FactsOf) {
  for (const { reading } of miners.values()) {
    const facts = Math.abs(reading.sampledAtMs - atMs) <= sweepMs ? factsOf(reading.minerId) : undefined;
    if (facts) yield { reading, facts };
  }
};

const usualInterval = ({ intervalMs }: LiveBlock, gapMs: number) =>
  intervalMs === undefined ? gapMs : Math.round(0.8 * intervalMs + 0.2 * Math.min(gapMs, 4 * intervalMs));
