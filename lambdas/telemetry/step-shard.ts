import type { AnomaliesDetected } from '../../contracts/alert.ts';
import { freshMemory, type Memory } from '../../contracts/memory.ts';
import type { BatchHeader } from '../../contracts/telemetry-batch.ts';
import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { applyColumns, type FactsOf, isWholeSweep } from './apply-columns.ts';
import { type KnownShard, openShard, withLatest } from './known-shard.ts';
import { encodeLive, latestRows } from './live-codec.ts';
import type { LiveSummary } from './live-state.ts';
import { isCovered, noteSequence, type SequenceState } from './sequence-state.ts';

/** A batch that may be taken in: what it says of itself, its rows as far as they can be used, and these as bytes. */
export type UsableBatch = {
  readonly header: BatchHeader;
  readonly columns: TelemetryColumns;
  readonly bytes: Uint8Array;
};

export type ShardStep = {
  readonly live: LiveSummary;
  readonly bytes: Uint8Array;
  readonly sequences: SequenceState;
  readonly found: AnomaliesDetected;
  /** The batch, or one that stands for it, has come before. */
  readonly isRepeat: boolean;
};

/**
 * What a batch makes of its shard: the state before and after packed, everything ready to be written. Pure. Nothing that it returns lies in
 * `memory`.
 */
export const stepShard = (
  known: KnownShard,
  { header, columns, bytes }: UsableBatch,
  receivedAtMs: number,
  factsOf: FactsOf,
  memory: Memory = freshMemory,
): ShardStep => {
  const opened = openShard(known, memory);
  const batch = withKnownIds(columns, known.minerIds);
  const isRepeat = isCovered(known.head.sequences, header.sequence);
  const before = isWholeSweep(opened.live, batch) ? opened.live : withLatest(opened);
  const applied = applyColumns(before, batch, receivedAtMs, factsOf, {
    mayRepeat: isRepeat,
    mayChange: true,
    memory,
  });
  const { live, anomalies, recoveries, fromBatch } = applied;
  const { siteId, gatewayId, sequence, previousSequence } = header;
  return {
    live,
    bytes: encodeLive(live, latestRows(live, opened.rows, fromBatch, bytes, batch.rows)),
    sequences: noteSequence(known.head.sequences, sequence, previousSequence, receivedAtMs),
    found: { version: 1, siteId, gatewayId, sequence, receivedAtMs, anomalies, recoveries },
    isRepeat,
  };
};

/** The rows with the very list of miners that is known, where theirs is equal: what is remembered of the list holds then. */
export const withKnownIds = (
  columns: TelemetryColumns,
  known: readonly string[] | undefined,
): TelemetryColumns => {
  const { minerIds } = columns;
  if (!known || known === minerIds || known.length !== minerIds.length) return columns;
  return known.every((id, at) => id === minerIds[at]) ? { ...columns, minerIds: known } : columns;
};
