import { setTimeout as delay } from 'node:timers/promises';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import {
  BatchWriteCommand,
  type BatchWriteCommandInput,
  type BatchWriteCommandOutput,
  GetCommand,
  PutCommand,
  paginateQuery,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type Shard, type TelemetryStore, telemetryKeys } from './telemetry-keys.ts';

const maxRosterBytes = 16 * 1024 * 1024;
const rosterItem = z.object({ version: z.int(), miners: z.instanceof(Uint8Array) });
const minerIds = z.array(z.string());

/** What this process knows to be enrolled: by table and shard, the miners. */
const known = new WeakMap<object, Map<string, Set<string>>>();

/**
 * Notes which shard has something of which miner, so that a query for a miner goes to its shards only. Reads and writes nothing where
 * this process has noted all of them before.
 */
export const enrol =
  (store: TelemetryStore) =>
  async (shard: Shard, batches: readonly (readonly string[])[]): Promise<void> => {
    const shards = known.get(store.db) ?? new Map<string, Set<string>>();
    known.set(store.db, shards);
    const name = `${store.telemetryTable}/${shard.siteId}/${shard.gatewayId}/${shard.shard}`;
    const seen = shards.get(name) ?? new Set<string>();
    shards.set(name, seen);
    const fresh = [...new Set(batches.flat())].filter((id) => !seen.has(id));
    if (fresh.length === 0) return;
    for (;;) {
      const roster = await readRoster(store, shard);
      for (const id of roster.miners) seen.add(id);
      const missing = fresh.filter((id) => !seen.has(id));
      if (missing.length === 0) return;
      await putAll(
        store,
        missing.map((id) => telemetryKeys.shardOfMiner(shard, id)),
      );
      if (!(await writeRoster(store, shard, roster.version, [...roster.miners, ...missing].toSorted())))
        continue;
      for (const id of missing) seen.add(id);
      return;
    }
  };

type Requests = NonNullable<BatchWriteCommandInput['RequestItems']>;

/** DynamoDB takes so many items in one request, and may leave some of them undone. */
const mostPerRequest = 25;
const triesPerRequest = 8;

const putAll = async ({ db, telemetryTable }: TelemetryStore, items: readonly object[]) => {
  for (let at = 0; at < items.length; at += mostPerRequest) {
    const requests = items
      .slice(at, at + mostPerRequest)
      .map((item) => ({ PutRequest: { Item: { ...item } } }));
    let left: Requests = { [telemetryTable]: requests };
    for (let tries = 0; Object.keys(left).length > 0; tries++) {
      if (tries === triesPerRequest) throw new Error('DynamoDB leaves enrolments undone');
      if (tries > 0) await delay(Math.random() * 50 * 2 ** tries);
      const answer: BatchWriteCommandOutput = await db.send(new BatchWriteCommand({ RequestItems: left }));
      left = answer.UnprocessedItems ?? {};
    }
  }
};

const readRoster = async ({ db, telemetryTable }: TelemetryStore, shard: Shard) => {
  const { Item } = await db.send(
    new GetCommand({ TableName: telemetryTable, Key: telemetryKeys.roster(shard), ConsistentRead: true }),
  );
  if (!Item) return { version: 0, miners: [] };
  const { version, miners } = rosterItem.parse(Item);
  const json = zstdDecompressSync(miners, { maxOutputLength: maxRosterBytes }).toString('utf8');
  return { version, miners: minerIds.parse(JSON.parse(json)) };
};

const writeRoster = async (
  { db, telemetryTable }: TelemetryStore,
  shard: Shard,
  version: number,
  miners: readonly string[],
) => {
  const condition =
    version === 0
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': version } };
  try {
    await db.send(
      new PutCommand({
        TableName: telemetryTable,
        Item: {
          ...telemetryKeys.roster(shard),
          version: version + 1,
          miners: zstdCompressSync(JSON.stringify(miners)),
        },
        ...condition,
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
};

const placed = z.object({ sk: z.string() });
const shardOf = (siteId: number, item: unknown): Shard => {
  const [gatewayId = '', shard = ''] = placed.parse(item).sk.split('#');
  return { siteId, gatewayId, shard: Number(shard) };
};

const queryShards = async ({ db, telemetryTable }: TelemetryStore, siteId: number, pk: string) => {
  const shards: Shard[] = [];
  const pages = paginateQuery(
    { client: db },
    {
      TableName: telemetryTable,
      ProjectionExpression: 'sk',
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
    },
  );
  for await (const { Items } of pages) for (const item of Items ?? []) shards.push(shardOf(siteId, item));
  return shards;
};

/** The shards that blocks of a site are of. */
export const shardsOfSite = (store: TelemetryStore) => (siteId: number) =>
  queryShards(store, siteId, telemetryKeys.rostersOfSite(siteId));

/** The shards whose blocks have something of a miner; empty as long as only batches have. */
export const shardsHolding = (store: TelemetryStore) => (siteId: number, minerId: string) =>
  queryShards(store, siteId, telemetryKeys.shardsOfMiner(siteId, minerId));
