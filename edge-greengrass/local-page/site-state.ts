import type { SafetyEvent } from '../../contracts/command.ts';
import type { MinerReading, MinerState } from '../../contracts/reading.ts';
import type { SweepResult } from '../polling/sweep.ts';

/** How many safety events the page can show. */
const keptEvents = 200;

export type StateCounts = Readonly<Record<MinerState, number>>;
export type ShardView = {
  readonly shard: number;
  readonly miners: number;
  readonly states: StateCounts;
  readonly hashrateThs: number;
  readonly powerW: number;
};
export type ReadingRow = MinerReading & { readonly shard: number };
export type SweepView = SweepResult & { readonly endedAtMs: number };
export type Tallies = {
  readonly sweeps: number;
  readonly asked: number;
  readonly unreachable: number;
  readonly skipped: number;
  readonly lineChanges: number;
  readonly configTaken: number;
  readonly configRefused: number;
};

/** Upper bounds of the sweeps' histogram, seconds. */
export const sweepBoundsS = [0.5, 1, 2, 5, 10, 20, 30, 60] as const;

const noStates = (): Record<MinerState, number> => ({
  hashing: 0,
  idle: 0,
  stopped: 0,
  booting: 0,
  fault: 0,
  unreachable: 0,
});

/**
 * What the gateway has seen of its site, for whoever stands in front of it: the newest reading of every miner, the line, the last
 * sweeps and safety events. Lives as long as the process, over restarts of the agent; holds no address and no credential.
 */
export const siteState = (nowMs: () => number) => {
  const startedAtMs = nowMs();
  const latest = new Map<string, ReadingRow>();
  const safety: SafetyEvent[] = [];
  const safetyByKind = new Map<string, number>();
  const buckets = sweepBoundsS.map(() => 0);
  const tally = {
    sweeps: 0,
    asked: 0,
    unreachable: 0,
    skipped: 0,
    lineChanges: 0,
    configTaken: 0,
    configRefused: 0,
  };
  let sweepSumS = 0;
  let line = { up: false, sinceMs: startedAtMs };
  let lastSweep: SweepView | undefined;
  let lastConfigFault: { readonly atMs: number; readonly reason: string } | undefined;
  /** The firmware family of each miner by its id. */
  let configured: ReadonlyMap<string, string> = new Map();

  return {
    startedAtMs,
    /** Miners that are configured no more are shown no more. */
    configure: (miners: readonly { readonly minerId: string; readonly vendor: string }[]) => {
      configured = new Map(miners.map(({ minerId, vendor }) => [minerId, vendor]));
      for (const minerId of latest.keys()) if (!configured.has(minerId)) latest.delete(minerId);
    },
    takeReadings: (shard: number, readings: readonly MinerReading[]) => {
      for (const reading of readings) latest.set(reading.minerId, { ...reading, shard });
    },
    takeSweep: (result: SweepResult) => {
      lastSweep = { ...result, endedAtMs: nowMs() };
      tally.sweeps++;
      tally.asked += result.asked;
      tally.unreachable += result.unreachable;
      tally.skipped += result.skipped;
      const seconds = result.tookMs / 1_000;
      sweepSumS += seconds;
      for (const [at, bound] of sweepBoundsS.entries())
        if (seconds <= bound) buckets[at] = (buckets[at] ?? 0) + 1;
    },
    takeLine: (up: boolean) => {
      if (up === line.up) return;
      line = { up, sinceMs: nowMs() };
      tally.lineChanges++;
    },
    takeSafety: (event: SafetyEvent) => {
      safety.push(event);
      if (safety.length > keptEvents) safety.shift();
      safetyByKind.set(event.kind, (safetyByKind.get(event.kind) ?? 0) + 1);
    },
    /** `fault` names the field that is wrong, never its value; undefined where the configuration was taken. */
    takeConfig: (fault?: string) => {
      if (fault === undefined) {
        tally.configTaken++;
        lastConfigFault = undefined;
      } else {
        tally.configRefused++;
        lastConfigFault = { atMs: nowMs(), reason: fault };
      }
    },
    line: () => line,
    lastSweep: () => lastSweep,
    lastConfigFault: () => lastConfigFault,
    tallies: (): Tallies => tally,
    sweepHistogram: () => ({ buckets: [...buckets], sumS: sweepSumS, count: tally.sweeps }),
    safetyByKind: (): ReadonlyMap<string, number> => safetyByKind,
    /** Newest first. */
    safetyEvents: (): readonly SafetyEvent[] => safety.toReversed(),
    shards: (): readonly ShardView[] => {
      const shards = new Map<number, ReturnType<typeof emptyShard>>();
      for (const { shard, state, values } of latest.values()) {
        const view = shards.get(shard) ?? emptyShard(shard);
        shards.set(shard, view);
        view.miners++;
        view.states[state]++;
        view.hashrateThs += values.hashrateThs ?? 0;
        view.powerW += values.powerW ?? 0;
      }
      return [...shards.values()].toSorted((a, b) => a.shard - b.shard);
    },
    /** Miners without any reading since the start. */
    unheard: () => Math.max(0, configured.size - latest.size),
    configured: () => configured.size,
    vendorOf: (minerId: string) => configured.get(minerId) ?? '',
    readings: (): Iterable<ReadingRow> => latest.values(),
  };
};
export type SiteState = ReturnType<typeof siteState>;

const emptyShard = (shard: number) => ({ shard, miners: 0, states: noStates(), hashrateThs: 0, powerW: 0 });
