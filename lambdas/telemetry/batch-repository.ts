import { DeleteCommand, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochMs, gatewayId, siteId } from '../../contracts/identifiers.ts';
import { ttlSeconds } from '../shared/clock.ts';
import { type StoredBytes, storedBytes } from './block-store.ts';
import { type Shard, type TelemetryStore, telemetryKeys } from './telemetry-keys.ts';
import { rawBytesKeptMs } from './windows.ts';

/** A batch that was taken in and that no block holds yet: this item is the durable mark that its roll-up is due. */
export type PendingBatch = Shard & {
  readonly sequence: number;
  readonly receivedAtMs: number;
  /** The oldest and the newest row. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly rows: number;
  /** The batch in the wire's format, without what ingest left out (implausible values, another gateway's miners). */
  readonly stored: StoredBytes;
  /** The blocks hold its rows of windows that start before this. */
  readonly mergedBeforeMs?: number | undefined;
};

const pendingItem = z.object({
  site_id: siteId,
  gateway_id: gatewayId,
  shard: z.int().nonnegative(),
  sequence: z.int().nonnegative(),
  received_at_ms: epochMs,
  first_ms: epochMs,
  last_ms: epochMs,
  rows: z.int().positive(),
  stored: storedBytes,
  merged_before_ms: epochMs.optional(),
});

/** The item to put (with the condition `attribute_not_exists(pk)`) in the transaction that takes the batch in. */
export const pendingBatchItem = (batch: PendingBatch) => ({
  ...telemetryKeys.batch(batch, batch.firstMs, batch.sequence),
  site_id: batch.siteId,
  gateway_id: batch.gatewayId,
  shard: batch.shard,
  sequence: batch.sequence,
  received_at_ms: batch.receivedAtMs,
  first_ms: batch.firstMs,
  last_ms: batch.lastMs,
  rows: batch.rows,
  stored: batch.stored,
  ttl: ttlSeconds(batch.receivedAtMs + rawBytesKeptMs),
});

const toPending = (item: unknown): PendingBatch => {
  const found = pendingItem.parse(item);
  return {
    siteId: found.site_id,
    gatewayId: found.gateway_id,
    shard: found.shard,
    sequence: found.sequence,
    receivedAtMs: found.received_at_ms,
    firstMs: found.first_ms,
    lastMs: found.last_ms,
    rows: found.rows,
    stored: found.stored,
    mergedBeforeMs: found.merged_before_ms,
  };
};

/** A shard's batches that wait for their roll-up, oldest window first, at most `atMost`. */
export const pendingBatches =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (shard: Shard, atMost = Number.POSITIVE_INFINITY): Promise<PendingBatch[]> => {
    const found: PendingBatch[] = [];
    const pages = paginateQuery(
      { client: db, ...(Number.isFinite(atMost) && { pageSize: atMost }) },
      {
        TableName: telemetryTable,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': telemetryKeys.batchesOfShard(shard) },
      },
    );
    for await (const { Items } of pages) {
      for (const item of Items ?? []) found.push(toPending(item));
      if (found.length >= atMost) break;
    }
    return found;
  };

/** Notes that the blocks hold a batch's rows of windows that start before a time. */
export const noteMerged =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (batch: PendingBatch, beforeMs: number): Promise<void> => {
    try {
      await db.send(
        new UpdateCommand({
          TableName: telemetryTable,
          Key: telemetryKeys.batch(batch, batch.firstMs, batch.sequence),
          UpdateExpression: 'SET merged_before_ms = :before',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':before': beforeMs },
        }),
      );
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ConditionalCheckFailedException') throw error;
    }
  };

const atOnce = 25;

/** Lets go of batches all of whose rows the blocks hold; of one that has come anew since, not. Answers those that it let go of. */
export const forgetBatches =
  (store: TelemetryStore) =>
  async (batches: readonly PendingBatch[]): Promise<PendingBatch[]> => {
    const gone: PendingBatch[] = [];
    for (let at = 0; at < batches.length; at += atOnce) {
      const some = batches.slice(at, at + atOnce);
      const forgot = await Promise.all(some.map((batch) => forget(store, batch)));
      gone.push(...some.filter((_, index) => forgot[index]));
    }
    return gone;
  };

const forget = async ({ db, telemetryTable }: TelemetryStore, batch: PendingBatch): Promise<boolean> => {
  try {
    await db.send(
      new DeleteCommand({
        TableName: telemetryTable,
        Key: telemetryKeys.batch(batch, batch.firstMs, batch.sequence),
        ConditionExpression: 'attribute_not_exists(pk) OR received_at_ms = :received',
        ExpressionAttributeValues: { ':received': batch.receivedAtMs },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
};
