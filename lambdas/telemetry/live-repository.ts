import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  GetCommand,
  PutCommand,
  paginateQuery,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { epochMs, gatewayId, siteId } from '../../contracts/identifiers.ts';
import { decodeBatch, encodeBatch } from '../../contracts/telemetry-batch.ts';
import { ttlSeconds } from '../shared/clock.ts';
import { emptyBlock, type LiveBlock, minerRest } from './live-block.ts';
import { pack, unpack } from './pack.ts';
import { type Receipt, receiptContent } from './receipt.ts';
import { type Shard, type TelemetryStore, telemetryKeys } from './telemetry-keys.ts';
import { keptMs } from './windows.ts';

const bytes = z.instanceof(Uint8Array);
const liveHead = z.object({
  site_id: siteId,
  gateway_id: gatewayId,
  shard: z.int().nonnegative(),
  version: z.int().positive(),
  newest_ms: epochMs,
  received_at_ms: epochMs,
  interval_ms: z.int().optional(),
  silent: z.boolean().optional(),
  /** The newest window for which the schedule has asked for a roll-up since the last batch. */
  closed_ms: epochMs.optional(),
});
export type LiveHead = z.infer<typeof liveHead>;
const liveItem = liveHead.extend({ readings: bytes, rest: bytes });

const toBlock = (item: unknown): LiveBlock => {
  const stored = liveItem.parse(item);
  const decoded = decodeBatch(stored.readings);
  if (!decoded.ok)
    throw new Error(`The live block of ${stored.gateway_id}#${stored.shard} is damaged: ${decoded.fault}`);
  const rest = unpack(minerRest, stored.rest);
  return {
    siteId: stored.site_id,
    gatewayId: stored.gateway_id,
    shard: stored.shard,
    version: stored.version,
    newestMs: stored.newest_ms,
    receivedAtMs: stored.received_at_ms,
    intervalMs: stored.interval_ms,
    silent: stored.silent ?? false,
    miners: new Map(
      decoded.batch.readings.map((reading) => {
        const { slices, watch } = rest[reading.minerId] ?? { slices: [], watch: { kinds: {} } };
        return [reading.minerId, { reading, slices, watch }];
      }),
    ),
  };
};

const toItem = (block: LiveBlock) => {
  const { siteId: site, gatewayId: gateway, shard, newestMs } = block;
  const miners = [...block.miners.values()];
  const readings = miners.map(({ reading }) => reading);
  return {
    ...telemetryKeys.live(block),
    site_id: site,
    gateway_id: gateway,
    shard,
    version: block.version + 1,
    newest_ms: newestMs,
    received_at_ms: block.receivedAtMs,
    interval_ms: block.intervalMs,
    ...(block.silent && { silent: true }),
    miner_ids: [...block.miners.keys()],
    readings: encodeBatch({
      siteId: site,
      gatewayId: gateway,
      shard,
      sequence: block.version + 1,
      createdAtMs: newestMs,
      readings,
    }),
    rest: pack(
      Object.fromEntries([...block.miners].map(([id, { slices, watch }]) => [id, { slices, watch }])),
    ),
  };
};

const versionCondition = ({ version }: LiveBlock) =>
  version === 0
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : { ConditionExpression: 'version = :version', ExpressionAttributeValues: { ':version': version } };

export const readBlock =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (shard: Shard): Promise<LiveBlock> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: telemetryTable, Key: telemetryKeys.live(shard), ConsistentRead: true }),
    );
    return Item ? toBlock(Item) : emptyBlock(shard.siteId, shard.gatewayId, shard.shard);
  };

export type CommitBatch =
  | { readonly outcome: 'committed' }
  | { readonly outcome: 'overtaken' }
  | { readonly outcome: 'known'; readonly receipt: Receipt };

/** Writes a shard's live block and the batch's receipt together: both, or neither. */
export const commitBatch =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (block: LiveBlock, name: string, receipt: Receipt, receivedAtMs: number): Promise<CommitBatch> => {
    const content = pack(receipt);
    const puts = [
      {
        Put: {
          TableName: telemetryTable,
          Item: {
            ...telemetryKeys.receipt(block, name),
            content,
            ttl: ttlSeconds(receivedAtMs + 2 * keptMs.raw),
          },
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
        },
      },
      { Put: { TableName: telemetryTable, Item: toItem(block), ...versionCondition(block) } },
      ...(block.version === 0
        ? [{ Put: { TableName: telemetryTable, Item: telemetryKeys.site(block.siteId) } }]
        : []),
    ];
    try {
      await db.send(new TransactWriteCommand({ TransactItems: puts }));
      return { outcome: 'committed' };
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const [receiptReason, ...others] = error.CancellationReasons ?? [];
      if (receiptReason?.Code === 'ConditionalCheckFailed') {
        const known = z.object({ content: bytes }).parse(unmarshall(receiptReason.Item ?? {}));
        return { outcome: 'known', receipt: unpack(receiptContent, known.content) };
      }
      const contended = ['ConditionalCheckFailed', 'TransactionConflict'];
      if ([receiptReason, ...others].some((reason) => contended.includes(reason?.Code ?? '')))
        return { outcome: 'overtaken' };
      throw error;
    }
  };

/** Writes a block alone; false when a batch was faster. */
export const replaceBlock =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (block: LiveBlock): Promise<boolean> => {
    try {
      await db.send(
        new PutCommand({ TableName: telemetryTable, Item: toItem(block), ...versionCondition(block) }),
      );
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  };

/** Notes that the roll-up of the block's newest window was asked for; void once another batch has come. */
export const noteClosed =
  ({ db, telemetryTable }: TelemetryStore) =>
  async ({ site_id, gateway_id, shard, version }: LiveHead, windowStartMs: number): Promise<void> => {
    try {
      await db.send(
        new UpdateCommand({
          TableName: telemetryTable,
          Key: telemetryKeys.live({ siteId: site_id, gatewayId: gateway_id, shard }),
          UpdateExpression: 'SET closed_ms = :window',
          ConditionExpression: 'version = :version',
          ExpressionAttributeValues: { ':window': windowStartMs, ':version': version },
        }),
      );
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ConditionalCheckFailedException') throw error;
    }
  };

const queryAll = async <T>(
  store: TelemetryStore,
  input: Record<string, unknown>,
  parse: (item: unknown) => T,
): Promise<T[]> => {
  const found: T[] = [];
  const pages = paginateQuery(
    { client: store.db },
    { TableName: store.telemetryTable, KeyConditionExpression: 'pk = :pk', ...input },
  );
  for await (const { Items } of pages) for (const item of Items ?? []) found.push(parse(item));
  return found;
};

/** Every live block of a site. */
export const readBlocks = (store: TelemetryStore) => (site: number) =>
  queryAll(store, { ExpressionAttributeValues: { ':pk': telemetryKeys.liveOfSite(site) } }, toBlock);

const headAttributes = [
  'site_id',
  'gateway_id',
  'shard',
  'version',
  'newest_ms',
  'received_at_ms',
  'interval_ms',
  'silent',
  'closed_ms',
];
const projection = {
  ProjectionExpression: headAttributes.map((_, index) => `#a${index}`).join(', '),
  ExpressionAttributeNames: Object.fromEntries(headAttributes.map((name, index) => [`#a${index}`, name])),
};

/** A site's live blocks without their miners. */
export const readHeads = (store: TelemetryStore) => (site: number) =>
  queryAll(
    store,
    { ExpressionAttributeValues: { ':pk': telemetryKeys.liveOfSite(site) }, ...projection },
    (item) => liveHead.parse(item),
  );

/** The shards that have ever reported a miner. */
export const shardsOfMiner =
  (store: TelemetryStore) =>
  async (site: number, minerId: string): Promise<Shard[]> => {
    const heads = await queryAll(
      store,
      {
        ExpressionAttributeValues: { ':pk': telemetryKeys.liveOfSite(site), ':miner': minerId },
        FilterExpression: 'contains(miner_ids, :miner)',
        ...projection,
      },
      (item) => liveHead.parse(item),
    );
    return heads.map(({ site_id, gateway_id, shard }) => ({ siteId: site_id, gatewayId: gateway_id, shard }));
  };

/** Every site that has sent telemetry. */
export const reportingSites = (store: TelemetryStore) => () =>
  queryAll(store, { ExpressionAttributeValues: { ':pk': telemetryKeys.sites.pk } }, (item) =>
    Number(z.object({ sk: z.string() }).parse(item).sk),
  );
