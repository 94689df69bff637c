import { freshMemory, type Memory } from '../../contracts/memory.ts';
import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { decodeLive, type LatestRows, openLatest } from './live-codec.ts';
import { emptyState, type LiveState } from './live-state.ts';
import { noSequences, type SequenceState } from './sequence-state.ts';
import type { Shard } from './telemetry-keys.ts';

/** What is small of a shard: its item without its bytes. */
export type ShardHead = Pick<LiveState, 'version' | 'newestMs' | 'receivedAtMs' | 'intervalMs' | 'silent'> & {
  readonly sequences: SequenceState;
};

/** A shard as it was stored: its head, its live state still packed, and its miners where they are known without unpacking. */
export type KnownShard = {
  readonly shard: Shard;
  readonly head: ShardHead;
  /** Undefined: nothing stored yet. */
  readonly bytes: Uint8Array | undefined;
  readonly minerIds?: readonly string[] | undefined;
};

export const unknownShard = (shard: Shard): KnownShard => ({
  shard,
  head: { version: 0, newestMs: 0, receivedAtMs: 0, sequences: noSequences },
  bytes: undefined,
});

export type OpenedShard = { readonly live: LiveState; readonly rows: LatestRows };

/**
 * Unpacks a shard's live state. Its latest rows are unpacked only where its miners are not known without them: `withLatest`
 * does it for the others. The state is as long of use as `memory` is.
 */
export const openShard = (
  { shard, head, bytes, minerIds }: KnownShard,
  memory: Memory = freshMemory,
): OpenedShard => {
  const { sequences: _, ...rest } = head;
  if (!bytes)
    return { live: { ...emptyState(shard), ...rest }, rows: { batch: undefined, others: undefined } };
  const { rows, ...parts } = decodeLive(bytes, memory);
  const latest = minerIds ? undefined : openLatest(rows);
  const { siteId, gatewayId } = shard;
  const place = { siteId, gatewayId, shard: shard.shard };
  return {
    live: { ...place, ...rest, ...parts, minerIds: minerIds ?? latest?.minerIds ?? [], latest },
    rows,
  };
};

export const withLatest = ({
  live,
  rows,
}: OpenedShard): LiveState & { readonly latest: TelemetryColumns } => ({
  ...live,
  latest: live.latest ?? openLatest(rows),
});
