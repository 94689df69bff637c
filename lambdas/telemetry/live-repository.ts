import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  GetCommand,
  PutCommand,
  paginateQuery,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { AnomaliesDetected } from '../../contracts/alert.ts';
import { epochMs, gatewayId, siteId } from '../../contracts/identifiers.ts';
import { type PendingBatch, pendingBatchItem } from './batch-repository.ts';
import {
  type BlockStore,
  BytesGone,
  isSame,
  isShared,
  type StoredBytes,
  storedBytes,
} from './block-store.ts';
import { packFound } from './found-repository.ts';
import { type KnownShard, type ShardHead, unknownShard } from './known-shard.ts';
import type { LiveSummary } from './live-state.ts';
import type { SequenceState } from './sequence-state.ts';
import { type Shard, type TelemetryStore, telemetryKeys } from './telemetry-keys.ts';

export type LiveStore = TelemetryStore & { readonly blocks: BlockStore };

const count = z.int().nonnegative();
export const liveHead = z.object({
  site_id: siteId,
  gateway_id: gatewayId,
  shard: count,
  version: z.int().positive(),
  newest_ms: epochMs,
  received_at_ms: epochMs,
  interval_ms: z.int().optional(),
  silent: z.boolean().optional(),
  /** The newest window for which the schedule has asked for a roll-up since the last batch. */
  closed_ms: epochMs.optional(),
  highest: count,
  /** after, up to, before, since (sequence-state.ts). */
  gaps: z.array(z.tuple([count, count, count, epochMs])).optional(),
  /** When the gateway last sent what had come before: it has missed its receipt. */
  asked_ms: epochMs.optional(),
  live: storedBytes,
});
export type LiveHead = z.infer<typeof liveHead>;

export const shardOfHead = ({ site_id, gateway_id, shard }: LiveHead): Shard => ({
  siteId: site_id,
  gatewayId: gateway_id,
  shard,
});

export const sequencesOf = ({ highest, gaps = [] }: LiveHead): SequenceState => ({
  highest,
  gaps: gaps.map(([after, upTo, before, sinceMs]) => ({ after, upTo, before, sinceMs })),
});

const toHead = (head: LiveHead): ShardHead => ({
  version: head.version,
  newestMs: head.newest_ms,
  receivedAtMs: head.received_at_ms,
  intervalMs: head.interval_ms,
  silent: head.silent ?? false,
  sequences: sequencesOf(head),
});

const headItem = (
  live: LiveSummary,
  { highest, gaps }: SequenceState,
  stored: StoredBytes,
  askedMs?: number,
) => ({
  ...telemetryKeys.live(live),
  site_id: live.siteId,
  gateway_id: live.gatewayId,
  shard: live.shard,
  version: live.version + 1,
  newest_ms: live.newestMs,
  received_at_ms: live.receivedAtMs,
  interval_ms: live.intervalMs,
  ...(live.silent && { silent: true }),
  highest,
  ...(gaps.length > 0 && {
    gaps: gaps.map(({ after, upTo, before, sinceMs }) => [after, upTo, before, sinceMs]),
  }),
  ...(askedMs !== undefined && { asked_ms: askedMs }),
  live: stored,
});

const atVersion = (version: number) =>
  version === 0
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : { ConditionExpression: 'version = :version', ExpressionAttributeValues: { ':version': version } };

const readTries = 5;

/** A shard as it is now. Reads again where its bytes are replaced while it reads them. */
export const readShard =
  ({ db, telemetryTable, blocks }: LiveStore) =>
  async (shard: Shard): Promise<KnownShard & { readonly stored?: StoredBytes }> => {
    const Key = telemetryKeys.live(shard);
    for (let tries = 1; ; tries++) {
      const { Item } = await db.send(
        new GetCommand({ TableName: telemetryTable, Key, ConsistentRead: true }),
      );
      if (!Item) return unknownShard(shard);
      const head = liveHead.parse(Item);
      try {
        return { shard, head: toHead(head), bytes: await blocks.get(head.live), stored: head.live };
      } catch (error) {
        if (!(error instanceof BytesGone) || tries === readTries) throw error;
      }
    }
  };

/** A shard's new state, packed, and with it what came of a batch. */
export type ShardWrite = {
  readonly live: LiveSummary;
  readonly bytes: Uint8Array;
  readonly sequences: SequenceState;
  /** Where the state before this one lies, if it is known. */
  readonly replaces?: StoredBytes | undefined;
};
export type BatchWrite = ShardWrite & {
  readonly pending: Omit<PendingBatch, 'stored'>;
  /** The batch itself, in the wire's format. */
  readonly batchBytes: Uint8Array;
  readonly found: AnomaliesDetected | undefined;
  /** The gateway has sent this before: it wants a receipt. */
  readonly askedMs?: number | undefined;
};

export type Written = { readonly outcome: 'written'; readonly stored: StoredBytes };
export type WroteBatch = Written | { readonly outcome: 'overtaken' } | { readonly outcome: 'known' };

const liveName = ({ siteId: site, gatewayId: gateway, shard }: Shard) => `${site}/${gateway}/${shard}`;

/**
 * Takes a batch in: its shard's new live state, its own item and what was found in it, all or nothing. `known`: it was taken in before and waits for
 * its roll-up. `overtaken`: another was faster, read again.
 */
export const writeBatch =
  (store: LiveStore) =>
  async (write: BatchWrite): Promise<WroteBatch> => {
    const { live, bytes, sequences, replaces, pending, batchBytes, found, askedMs } = write;
    const { db, telemetryTable, blocks } = store;
    const all = await blocks.putAll('batch', liveName(live), [batchBytes, bytes]);
    const [batch, stored] = all;
    if (!batch || !stored) throw new Error('The block store put less than it was given');
    const put = (Item: Record<string, unknown>, condition: Record<string, unknown> = {}) => ({
      Put: { TableName: telemetryTable, Item, ...condition },
    });
    const items = [
      put(pendingBatchItem({ ...pending, stored: batch }), {
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
      put(headItem(live, sequences, stored, askedMs), atVersion(live.version)),
      ...(found ? [put(await packFound(store, live, found))] : []),
      ...(live.version === 0 ? [put(telemetryKeys.site(live.siteId))] : []),
    ];
    try {
      await db.send(new TransactWriteCommand({ TransactItems: items }));
    } catch (error) {
      // Without an answer it may have been written: then what is stored is needed.
      if (!(error instanceof TransactionCanceledException)) throw error;
      await Promise.all(all.map((one) => letGo(blocks, one)));
      const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code);
      if (codes[0] === 'ConditionalCheckFailed') return { outcome: 'known' };
      if (codes.some((code) => code === 'ConditionalCheckFailed' || code === 'TransactionConflict'))
        return { outcome: 'overtaken' };
      throw error;
    }
    if (replaces && !isShared(replaces)) await letGo(blocks, replaces);
    return { outcome: 'written', stored };
  };

/** Writes a shard's state alone, where it is kept however long the shard is silent; false when a batch was faster. */
export const writeShard =
  ({ db, telemetryTable, blocks }: LiveStore) =>
  async ({ live, bytes, sequences, replaces }: ShardWrite): Promise<boolean> => {
    const stored = await blocks.put('live', liveName(live), bytes);
    const Item = headItem(live, sequences, stored);
    try {
      await db.send(new PutCommand({ TableName: telemetryTable, Item, ...atVersion(live.version) }));
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
      const now = await readLiveStored({ db, telemetryTable })(live);
      if (!now || !isSame(now, stored)) {
        await letGo(blocks, stored);
        return false;
      }
      // The first try was written, and its answer lost.
    }
    if (replaces && !isShared(replaces)) await letGo(blocks, replaces);
    return true;
  };

/** A shard's live block as it is now; undefined for a shard that nothing came of. */
export const readLiveStored =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (shard: Shard): Promise<StoredBytes | undefined> => {
    const Key = telemetryKeys.live(shard);
    const { Item } = await db.send(new GetCommand({ TableName: telemetryTable, Key, ConsistentRead: true }));
    return Item && liveHead.parse(Item).live;
  };

/** What stays behind costs a little until S3 clears it up; a reader that holds the old item reads again. */
const letGo = (blocks: BlockStore, stored: StoredBytes) => blocks.remove(stored).catch(() => undefined);

const isConditionFailed = (error: unknown) =>
  error instanceof Error && error.name === 'ConditionalCheckFailedException';

const update =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (
    shard: Shard,
    expression: string,
    condition: string,
    values: Record<string, unknown>,
  ): Promise<boolean> => {
    try {
      await db.send(
        new UpdateCommand({
          TableName: telemetryTable,
          Key: telemetryKeys.live(shard),
          UpdateExpression: expression,
          ConditionExpression: condition,
          ExpressionAttributeValues: values,
        }),
      );
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  };

/** Notes that the roll-up of the shard's newest window was asked for; void once another batch has come. */
export const noteClosed = (store: TelemetryStore) => (head: LiveHead, windowStartMs: number) =>
  update(store)(shardOfHead(head), 'SET closed_ms = :window', 'version = :version', {
    ':window': windowStartMs,
    ':version': head.version,
  });

/** Notes that the gateway has sent again what had come: it is to have a receipt. */
export const noteAsked = (store: TelemetryStore) => (shard: Shard, nowMs: number) =>
  update(store)(shard, 'SET asked_ms = :now', 'attribute_exists(pk)', { ':now': nowMs });

const queryAll = async <T>(store: TelemetryStore, pk: string, parse: (item: unknown) => T): Promise<T[]> => {
  const found: T[] = [];
  const pages = paginateQuery(
    { client: store.db },
    {
      TableName: store.telemetryTable,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
    },
  );
  for await (const { Items } of pages) for (const item of Items ?? []) found.push(parse(item));
  return found;
};

/** The items of a site's shards: small unless a shard has few miners. */
export const readHeads = (store: TelemetryStore) => (site: number) =>
  queryAll(store, telemetryKeys.liveOfSite(site), (item) => liveHead.parse(item));

/** Every site that has sent telemetry. */
export const reportingSites = (store: TelemetryStore) => () =>
  queryAll(store, telemetryKeys.sites.pk, (item) => Number(z.object({ sk: z.string() }).parse(item).sk));
