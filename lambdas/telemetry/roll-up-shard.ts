import { decodeBatchColumns } from '../../contracts/telemetry-batch.ts';
import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { forgetBatches, noteMerged, type PendingBatch, pendingBatches } from './batch-repository.ts';
import { BytesGone, isSame, isShared } from './block-store.ts';
import { readLiveStored } from './live-repository.ts';
import { type Incoming, type RollUpDeps, rollUpWindow } from './roll-up-window.ts';
import { enrol } from './roster-repository.ts';
import type { Shard } from './telemetry-keys.ts';
import { windowMs, windowOf } from './windows.ts';

export type RollUpShardDeps = RollUpDeps & {
  /** Keeps a batch aside of which windows can take no more rows. May be called again for the same batch. */
  readonly setAside: (batch: PendingBatch, bytes: Uint8Array, windows: readonly number[]) => Promise<void>;
};

/** How long after a window's end rows of it may still come without being late. */
const graceMs = 15_000;
const batchesARound = 400;
const windowsARound = 24;

const windowsOf = ({ firstMs, lastMs, mergedBeforeMs = 0 }: PendingBatch) => {
  const windows: number[] = [];
  for (let at = Math.max(windowOf(firstMs), mergedBeforeMs); at <= lastMs; at += windowMs) windows.push(at);
  return windows;
};

/** Windows of which no more is expected: older than the newest that a batch has, or over by the clock. */
const dueBefore = (pending: readonly PendingBatch[], isAll: boolean, nowMs: number) => {
  const newest = Math.max(...pending.map(({ lastMs }) => windowOf(lastMs)));
  const isOneWindow = pending.every(({ firstMs }) => windowOf(firstMs) === newest);
  const over = windowOf(Math.max(0, nowMs - graceMs));
  return Math.max(newest, over, !isAll && isOneWindow ? newest + windowMs : 0);
};

export type RolledUp = {
  readonly windows: number;
  readonly batches: number;
  readonly sealed: number;
  /** How long the oldest of these batches has waited since its window was over. */
  readonly behindMs?: number;
  readonly isMore: boolean;
};

/**
 * Merges the batches of a shard that wait into the windows that are over, a bounded number of them; `isMore` where some are left. Safe to repeat, to be
 * stopped anywhere and to run beside itself: a batch is let go of only once the blocks hold all its rows.
 */
export const rollUpShard =
  (deps: RollUpShardDeps) =>
  async (shard: Shard): Promise<RolledUp> => {
    const pending = await pendingBatches(deps)(shard, batchesARound);
    if (pending.length === 0) return { windows: 0, batches: 0, sealed: 0, isMore: false };
    const isAll = pending.length < batchesARound;
    const limit = dueBefore(pending, isAll, deps.clock.nowMs());
    const due = [...new Set(pending.flatMap(windowsOf))].filter((at) => at < limit).toSorted((a, b) => a - b);
    const taken = due.slice(0, windowsARound);
    const endMs = (taken.at(-1) ?? 0) + windowMs;
    const touched = pending.filter((batch) => windowsOf(batch).some((at) => taken.includes(at)));
    const open = openBatches(deps);
    const sealed: number[] = [];
    for (const start of taken) {
      const batches = touched.filter((batch) => windowsOf(batch).includes(start));
      const incoming = (await Promise.all(batches.map(open.read))).flatMap((one) => (one ? [one] : []));
      await enrol(deps)(
        shard,
        incoming.map(({ columns }) => columns.minerIds),
      );
      if (incoming.length > 0 && (await rollUpWindow(deps)(shard, start, incoming)) === 'sealed')
        sealed.push(start);
      open.close(touched.filter(({ lastMs }) => lastMs < start + windowMs));
    }
    await setAsideSealed(deps, touched, sealed);
    const isDone = (batch: PendingBatch) => windowsOf(batch).every((at) => taken.includes(at));
    const done = touched.filter(isDone);
    const partly = touched.filter((batch) => !isDone(batch));
    await Promise.all(partly.map((batch) => noteMerged(deps)(batch, endMs)));
    const gone = await forgetBatches(deps)(done);
    await removeBytes(deps, shard, gone);
    return {
      windows: taken.length,
      batches: done.length,
      sealed: sealed.length,
      ...(touched.length > 0 && { behindMs: behindOf(touched, deps.clock.nowMs()) }),
      isMore: due.length > taken.length || (!isAll && taken.length > 0),
    };
  };

/** The shard's newest batch shares its object with the live block: it stays until S3 clears it up. */
const removeBytes = async (deps: RollUpShardDeps, shard: Shard, batches: readonly PendingBatch[]) => {
  const stored = batches.map((batch) => batch.stored);
  const live = stored.some(isShared) ? await readLiveStored(deps)(shard) : undefined;
  await Promise.all(stored.filter((one) => !live || !isSame(one, live)).map(deps.blocks.remove));
};

const behindOf = (batches: readonly PendingBatch[], nowMs: number) => {
  const dueMs = batches.map(({ firstMs, receivedAtMs }) =>
    Math.max(windowOf(firstMs) + windowMs, receivedAtMs),
  );
  return Math.max(0, nowMs - Math.min(...dueMs));
};

/** The batches' rows, read once each and held as long as a window of theirs is to come. */
const openBatches = ({ blocks }: RollUpShardDeps) => {
  const opened = new Map<PendingBatch, Promise<Incoming | undefined>>();
  const load = async (batch: PendingBatch): Promise<Incoming | undefined> => {
    try {
      const columns = decodeStored(await blocks.get(batch.stored));
      return { columns, receivedAtMs: batch.receivedAtMs };
    } catch (error) {
      // Another roll-up was faster: the blocks hold what the batch had.
      if (error instanceof BytesGone) return undefined;
      throw error;
    }
  };
  return {
    read: (batch: PendingBatch) => {
      const found = opened.get(batch) ?? load(batch);
      opened.set(batch, found);
      return found;
    },
    close: (batches: readonly PendingBatch[]) => {
      for (const batch of batches) opened.delete(batch);
    },
  };
};

export const decodeStored = (bytes: Uint8Array): TelemetryColumns => {
  const decoded = decodeBatchColumns(bytes);
  if (!decoded.ok) throw new Error(`A stored batch is damaged: ${decoded.fault} ${decoded.detail}`);
  return decoded.columns;
};

const setAsideSealed = async (
  { blocks, setAside }: RollUpShardDeps,
  batches: readonly PendingBatch[],
  sealed: readonly number[],
) => {
  if (sealed.length === 0) return;
  for (const batch of batches) {
    const windows = windowsOf(batch).filter((at) => sealed.includes(at));
    if (windows.length > 0) await setAside(batch, await blocks.get(batch.stored), windows);
  }
};
