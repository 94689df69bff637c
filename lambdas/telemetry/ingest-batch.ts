import { setTimeout as delay } from 'node:timers/promises';
import type { AnomaliesDetected } from '../../contracts/alert.ts';
import { type Memory, type ReusedMemory, reusedMemory } from '../../contracts/memory.ts';
import {
  type BatchHeader,
  decodeBatchColumns,
  encodeBatchColumns,
  type SpoolDepth,
} from '../../contracts/telemetry-batch.ts';
import { type FactsOf, factsFor } from './apply-columns.ts';
import { checkColumns } from './check-columns.ts';
import type { BatchWrite, WroteBatch } from './live-repository.ts';
import type { CachedShard } from './shard-cache.ts';
import { stepShard, type UsableBatch, withKnownIds } from './step-shard.ts';
import type { Shard } from './telemetry-keys.ts';
import { windowMs, windowOf } from './windows.ts';

/** A batch as the IoT rule hands it over: whose it is by its topic, when it came, and its bytes. */
export type Arrival = {
  readonly siteId: number;
  readonly gatewayId: string;
  readonly receivedAtMs: number;
  readonly bytes: Uint8Array;
};

export type IngestDeps = {
  readonly readOwner: (siteId: number, gatewayId: string) => Promise<{ tenantId: string } | undefined>;
  /** The miners of a gateway; `ids` are looked up afresh where the registry was last read without them. */
  readonly readFacts: (gatewayId: string, ids: readonly string[]) => Promise<FactsOf>;
  /** Which of these miners, not registered under the gateway, the site has under another one. */
  readonly readForeign: (
    siteId: number,
    gatewayId: string,
    ids: readonly string[],
  ) => Promise<ReadonlySet<string>>;
  /** A shard that may be a little old (its version tells), or as it is now. */
  readonly readShard: (shard: Shard, fresh: boolean) => Promise<CachedShard>;
  readonly remember: (known: CachedShard) => void;
  readonly writeBatch: (write: BatchWrite) => Promise<WroteBatch>;
  readonly readFound: (shard: Shard, sequence: number) => Promise<AnomaliesDetected | undefined>;
  readonly noteAsked: (shard: Shard, nowMs: number) => Promise<unknown>;
  readonly publish: (detected: AnomaliesDetected) => Promise<void>;
  readonly requestRollUp: (shard: Shard) => Promise<void>;
  readonly setAside: (
    arrival: Arrival,
    tenantId: string | undefined,
    fault: string,
    detail: string,
  ) => Promise<void>;
};

export type Ingested =
  | { readonly outcome: 'set_aside'; readonly fault: string; readonly detail: string }
  | {
      /** `known`: it had come before. */
      readonly outcome: 'stored' | 'known';
      readonly readings: number;
      readonly droppedValues: number;
      readonly droppedReadings: number;
      /** Of windows that were over when the batch came. */
      readonly lateReadings: number;
      readonly unknownMiners: number;
      readonly anomalies: number;
      /** Oldest sample to receipt. */
      readonly lagMs: number;
      readonly spool: SpoolDepth | undefined;
    };

const attempts = 20;
/** Batches of a backlog come many at once to one shard: who has lost lets the others go first. */
const longestWaitMs = 1_000;
const afterLoss = (losses: number) => delay(Math.random() * Math.min(longestWaitMs, 15 * 2 ** losses));

/**
 * Takes in one batch: sets aside what cannot be used, leaves out what a gateway says of another's miners, keeps its rows for
 * the roll-up, merges them into the shard's live state, detects anomalies and announces them. Safe to repeat after a crash
 * at any point: what was found is written with the live state and announced again.
 */
export const ingestBatch =
  (deps: IngestDeps) =>
  async (arrival: Arrival): Promise<Ingested> => {
    const memory = spare.pop() ?? reusedMemory(mostBytes);
    try {
      return await ingest(deps, arrival, memory);
    } finally {
      memory.takeBack();
      if (spare.length < mostSpare) spare.push(memory);
    }
  };

/** Of batches that are taken in at once, each has its own. */
const spare: ReusedMemory[] = [];
const mostSpare = 4;
const mostBytes = 8 * 1024 * 1024;

/** Nothing of a batch's columns may outlive this: they lie in `memory`. */
const ingest = async (deps: IngestDeps, arrival: Arrival, memory: Memory): Promise<Ingested> => {
  const { siteId, gatewayId, receivedAtMs } = arrival;
  const tenantId = (await deps.readOwner(siteId, gatewayId))?.tenantId;
  const refuse = async (fault: string, detail: string): Promise<Ingested> => {
    await deps.setAside(arrival, tenantId, fault, detail);
    return { outcome: 'set_aside', fault, detail };
  };
  if (tenantId === undefined) return refuse('UNKNOWN_GATEWAY', 'the site has no such gateway');
  const decoded = decodeBatchColumns(arrival.bytes, memory);
  if (!decoded.ok) return refuse(decoded.fault, decoded.detail);
  const { header } = decoded;
  if (header.siteId !== siteId || header.gatewayId !== gatewayId)
    return refuse('WRONG_PLACE', 'the header names another site or gateway than the topic');
  const known = await deps.readShard(header, false);
  const sent = withKnownIds(decoded.columns, known.minerIds);
  const factsOf = await deps.readFacts(gatewayId, sent.minerIds);
  const { unknown } = factsFor(sent.minerIds, factsOf);
  const foreign = unknown.length > 0 ? await deps.readForeign(siteId, gatewayId, unknown) : new Set<string>();
  if (sent.minerIds.every((id) => foreign.has(id)))
    return refuse('FOREIGN_MINER', 'every miner in it is registered under another gateway');
  const { columns, droppedValues, droppedRows } = checkColumns(sent, receivedAtMs, foreign, decoded.bounds);
  if (columns.rows === 0)
    return refuse('FROM_THE_FUTURE', 'every sample lies more than ten minutes ahead of its receipt');

  const bytes = columns === sent ? arrival.bytes : encodeBatchColumns(header, columns);
  const taken = await takeIn(deps, known, { header, columns, bytes }, receivedAtMs, factsOf, memory);
  if (taken.found) await deps.publish(taken.found);
  if (taken.isDue) await deps.requestRollUp(placeOf(header));
  return {
    outcome: taken.isKnown ? 'known' : 'stored',
    readings: columns.rows,
    droppedValues,
    droppedReadings: droppedRows,
    lateReadings: taken.lateReadings,
    unknownMiners: unknown.length - foreign.size,
    anomalies: taken.found?.anomalies.length ?? 0,
    lagMs: receivedAtMs - oldestOf(columns.sampledAtMs),
    spool: header.spool,
  };
};

const takeIn = async (
  deps: IngestDeps,
  first: CachedShard,
  batch: UsableBatch,
  receivedAtMs: number,
  factsOf: FactsOf,
  memory: Memory,
) => {
  const { header } = batch;
  let known = first;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if (attempt > 1) {
      await afterLoss(attempt - 1);
      known = await deps.readShard(header, true);
    }
    const step = stepShard(known, batch, receivedAtMs, factsOf, memory);
    const isEmpty = step.found.anomalies.length + step.found.recoveries.length === 0;
    const foundBefore = step.isRepeat ? await deps.readFound(header, header.sequence) : undefined;
    const found = isEmpty || foundBefore ? undefined : step.found;
    const wrote = await deps.writeBatch({
      ...step,
      found,
      replaces: known.stored,
      pending: pendingOf(batch, receivedAtMs),
      batchBytes: batch.bytes,
      askedMs: step.isRepeat ? receivedAtMs : undefined,
    });
    const isDue = isRollUpDue(known.head.newestMs, batch, step.live.newestMs, receivedAtMs);
    if (wrote.outcome === 'written') {
      const { live } = step;
      const version = live.version + 1;
      deps.remember({
        shard: known.shard,
        head: { ...headOf(step.live), version, sequences: step.sequences },
        bytes: step.bytes,
        minerIds: live.minerIds,
        stored: wrote.stored,
      });
      return {
        isKnown: step.isRepeat,
        found: found ?? foundBefore,
        isDue,
        lateReadings: step.isRepeat ? 0 : lateOf(batch, receivedAtMs),
      };
    }
    if (wrote.outcome === 'known') {
      await deps.noteAsked(header, receivedAtMs);
      const told = foundBefore ?? (await deps.readFound(header, header.sequence));
      return { isKnown: true, found: told, isDue, lateReadings: 0 };
    }
  }
  throw new Error(`The live state of shard ${header.shard} stayed contended over ${attempts} attempts`);
};

const headOf = ({ newestMs, receivedAtMs, intervalMs, silent }: ReturnType<typeof stepShard>['live']) => ({
  newestMs,
  receivedAtMs,
  intervalMs,
  silent: silent ?? false,
});

const placeOf = ({ siteId, gatewayId, shard }: BatchHeader): Shard => ({ siteId, gatewayId, shard });

const pendingOf = ({ header, columns }: UsableBatch, receivedAtMs: number) => ({
  ...placeOf(header),
  sequence: header.sequence,
  receivedAtMs,
  firstMs: oldestOf(columns.sampledAtMs),
  lastMs: columns.sampledAtMs.reduce((a, b) => Math.max(a, b)),
  rows: columns.rows,
});

const oldestOf = (times: Float64Array) => times.reduce((a, b) => Math.min(a, b));

/** Rows of windows that had been over for a window's length when the batch came. */
const lateOf = ({ columns }: UsableBatch, receivedAtMs: number) => {
  const before = windowOf(receivedAtMs) - windowMs;
  return columns.sampledAtMs.reduce((late, at) => (at < before ? late + 1 : late), 0);
};

/**
 * Is there a window of which no more is expected: older than the shard's newest, or over by the clock already; or the one that
 * was the newest until this batch?
 */
const isRollUpDue = (
  newestBefore: number,
  { columns }: UsableBatch,
  newestMs: number,
  receivedAtMs: number,
) => {
  const newest = windowOf(newestMs);
  const oldest = windowOf(oldestOf(columns.sampledAtMs));
  if (newestBefore > 0 && windowOf(newestBefore) < newest) return true;
  return oldest < newest || oldest + windowMs <= receivedAtMs;
};
