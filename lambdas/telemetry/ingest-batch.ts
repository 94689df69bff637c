import type { AnomaliesDetected } from '../../contracts/alert.ts';
import { decodeBatch, type TelemetryBatch } from '../../contracts/telemetry-batch.ts';
import { applyBatch, type FactsOf } from './apply-batch.ts';
import { checkReadings } from './check-batch.ts';
import type { LiveBlock } from './live-block.ts';
import type { CommitBatch } from './live-repository.ts';
import type { Receipt } from './receipt.ts';
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
  readonly putRaw: (
    batch: TelemetryBatch,
    name: string,
    windowStartMs: number,
    receivedAtMs: number,
  ) => Promise<void>;
  /** A block that may be a little old (its version tells), or as it is now. */
  readonly readBlock: (shard: Shard, fresh: boolean) => Promise<LiveBlock>;
  readonly commitBatch: (
    block: LiveBlock,
    name: string,
    receipt: Receipt,
    receivedAtMs: number,
  ) => Promise<CommitBatch>;
  readonly publish: (detected: AnomaliesDetected) => Promise<void>;
  readonly requestRollUp: (shard: Shard, windows: readonly number[]) => Promise<void>;
  readonly setAside: (
    arrival: Arrival,
    tenantId: string | undefined,
    fault: string,
    detail: string,
  ) => Promise<void>;
};

export type Ingested =
  | { readonly outcome: 'set_aside'; readonly fault: string }
  | {
      readonly outcome: 'stored' | 'known';
      readonly readings: number;
      readonly droppedValues: number;
      readonly droppedReadings: number;
      readonly unknownMiners: number;
      readonly anomalies: number;
      /** Oldest sample to receipt. */
      readonly lagMs: number;
    };

const attempts = 12;

/**
 * Takes in one batch: sets aside what cannot be used, leaves out what a gateway says of another's miners, keeps its readings in the raw tier, merges them into the live
 * block, detects anomalies and announces them. Safe to repeat after a crash at any point: the receipt that is written
 * with the live block says what is still to be announced.
 */
export const ingestBatch =
  (deps: IngestDeps) =>
  async (arrival: Arrival): Promise<Ingested> => {
    const { siteId, gatewayId, receivedAtMs } = arrival;
    const tenantId = (await deps.readOwner(siteId, gatewayId))?.tenantId;
    const refuse = async (fault: string, detail: string): Promise<Ingested> => {
      await deps.setAside(arrival, tenantId, fault, detail);
      return { outcome: 'set_aside', fault };
    };
    if (tenantId === undefined) return refuse('UNKNOWN_GATEWAY', 'the site has no such gateway');
    const decoded = decodeBatch(arrival.bytes);
    if (!decoded.ok) return refuse(decoded.fault, decoded.detail);
    const { batch } = decoded;
    if (batch.siteId !== siteId || batch.gatewayId !== gatewayId)
      return refuse('WRONG_PLACE', 'the header names another site or gateway than the topic');
    const checked = checkReadings(batch.readings, receivedAtMs);
    if (checked.readings.length === 0)
      return refuse('FROM_THE_FUTURE', 'every sample lies more than ten minutes ahead of its receipt');

    const ids = [...new Set(checked.readings.map(({ minerId }) => minerId))];
    const factsOf = await deps.readFacts(gatewayId, ids);
    const unknown = ids.filter((id) => !factsOf(id));
    const foreign = unknown.length > 0 ? await deps.readForeign(siteId, gatewayId, unknown) : new Set();
    const own = checked.readings.filter(({ minerId }) => !foreign.has(minerId));
    if (own.length === 0)
      return refuse('FOREIGN_MINER', 'every miner in it is registered under another gateway');

    const usable = { ...batch, readings: own };
    const name = `${batch.sequence}.${batch.createdAtMs}`;
    const windows = Map.groupBy(usable.readings, ({ sampledAtMs }) => windowOf(sampledAtMs));
    await Promise.all(
      [...windows].map(([start, readings]) =>
        deps.putRaw({ ...usable, readings }, name, start, receivedAtMs),
      ),
    );
    const { outcome, receipt } = await commit(deps, usable, name, receivedAtMs, factsOf);
    if (receipt.detected) await deps.publish(receipt.detected);
    if (receipt.dueWindows.length > 0) await deps.requestRollUp(usable, receipt.dueWindows);
    return {
      outcome,
      readings: usable.readings.length,
      droppedValues: checked.droppedValues,
      droppedReadings: checked.readings.length - own.length + checked.droppedReadings,
      unknownMiners: unknown.length - foreign.size,
      anomalies: receipt.detected?.anomalies.length ?? 0,
      lagMs: receivedAtMs - Math.min(...usable.readings.map(({ sampledAtMs }) => sampledAtMs)),
    };
  };

const commit = async (
  deps: IngestDeps,
  batch: TelemetryBatch,
  name: string,
  receivedAtMs: number,
  factsOf: FactsOf,
) => {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const before = await deps.readBlock(batch, attempt > 1);
    const { block, anomalies, recoveries } = applyBatch(before, batch.readings, receivedAtMs, factsOf);
    const { siteId, gatewayId, sequence } = batch;
    const detected: AnomaliesDetected = {
      version: 1,
      siteId,
      gatewayId,
      sequence,
      receivedAtMs,
      anomalies,
      recoveries,
    };
    const receipt: Receipt = {
      ...(anomalies.length + recoveries.length > 0 && { detected }),
      dueWindows: dueWindows(before, batch, block.newestMs, receivedAtMs),
    };
    const committed = await deps.commitBatch(block, name, receipt, receivedAtMs);
    if (committed.outcome === 'committed') return { outcome: 'stored' as const, receipt };
    if (committed.outcome === 'known') return { outcome: 'known' as const, receipt: committed.receipt };
  }
  throw new Error(`The live block of shard ${batch.shard} stayed contended over ${attempts} attempts`);
};

/**
 * Windows of which no more is expected: older than the shard's newest, or over by the clock already; and the one that
 * was the newest until this batch.
 */
const dueWindows = (
  before: LiveBlock,
  { readings }: TelemetryBatch,
  newestMs: number,
  receivedAtMs: number,
) => {
  const newest = windowOf(newestMs);
  const touched = new Set(readings.map(({ sampledAtMs }) => windowOf(sampledAtMs)));
  if (before.newestMs > 0 && windowOf(before.newestMs) < newest) touched.add(windowOf(before.newestMs));
  return [...touched]
    .filter((start) => start < newest || start + windowMs <= receivedAtMs)
    .toSorted((a, b) => a - b);
};
