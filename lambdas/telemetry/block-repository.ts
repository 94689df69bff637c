import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochMs } from '../../contracts/identifiers.ts';
import { decodeBatch, encodeBatch, type TelemetryBatch } from '../../contracts/telemetry-batch.ts';
import { ttlSeconds } from '../shared/clock.ts';
import { type DailyBlock, dailyBlock } from './daily-block.ts';
import { emptyHistory, type HistoryBlock, historyBlock, type NamedBatch } from './history-block.ts';
import { pack, unpack } from './pack.ts';
import { type Shard, type TelemetryStore, telemetryKeys } from './telemetry-keys.ts';
import { dayMs, keptMs } from './windows.ts';

const bytes = z.instanceof(Uint8Array);
const rawItem = z.object({ name: z.string(), received_at_ms: epochMs, batch: bytes });
const blockItem = z.object({ start_ms: epochMs, version: z.int(), content: bytes, received_at_ms: epochMs });

/** Keeps one window's part of a batch in the raw tier. What came under that name first stays, like its receipt. */
export const putRaw =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (batch: TelemetryBatch, name: string, windowStartMs: number, receivedAtMs: number): Promise<void> => {
    const Item = {
      ...telemetryKeys.raw(batch, windowStartMs, name),
      name,
      received_at_ms: receivedAtMs,
      batch: encodeBatch(batch),
      ttl: ttlSeconds(receivedAtMs + keptMs.raw),
    };
    const put = { TableName: telemetryTable, Item, ConditionExpression: 'attribute_not_exists(pk)' };
    await db.send(new PutCommand(put)).catch((error: unknown) => {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    });
  };

export type RawBlock = NamedBatch & { readonly receivedAtMs: number };

const toRaw = (item: unknown): RawBlock => {
  const stored = rawItem.parse(item);
  const decoded = decodeBatch(stored.batch);
  if (!decoded.ok) throw new Error(`Raw block ${stored.name} is damaged: ${decoded.fault}`);
  return { name: stored.name, receivedAtMs: stored.received_at_ms, readings: decoded.batch.readings };
};

/** A shard's raw blocks of windows from `fromMs` (aligned) until before `toMs`, newest window first where asked. */
export const readRaw =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (
    shard: Shard,
    fromMs: number,
    toMs: number,
    newest?: { readonly atMost: number },
  ): Promise<RawBlock[]> => {
    const found: RawBlock[] = [];
    const pages = paginateQuery(
      { client: db, ...(newest && { pageSize: newest.atMost }) },
      {
        TableName: telemetryTable,
        ConsistentRead: true,
        ScanIndexForward: !newest,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':pk': telemetryKeys.rawOfShard(shard),
          ':from': telemetryKeys.rawFrom(fromMs),
          ':to': telemetryKeys.rawFrom(toMs),
        },
      },
    );
    for await (const { Items } of pages) {
      for (const item of Items ?? []) found.push(toRaw(item));
      if (newest && found.length >= newest.atMost) break;
    }
    return found;
  };

type Stored<T> = { readonly version: number; readonly block: T };

const readStored = async <S extends z.ZodType>(
  { db, telemetryTable }: TelemetryStore,
  Key: Record<string, string>,
  schema: S,
) => {
  const { Item } = await db.send(new GetCommand({ TableName: telemetryTable, Key, ConsistentRead: true }));
  if (!Item) return undefined;
  const { version, content } = blockItem.parse(Item);
  return { version, block: unpack(schema, content) };
};

const writeStored = async (
  { db, telemetryTable }: TelemetryStore,
  Key: Record<string, string>,
  { version, block }: Stored<unknown>,
  startMs: number,
  receivedAtMs: number,
  keepMs: number,
): Promise<boolean> => {
  const Item = {
    ...Key,
    start_ms: startMs,
    version: version + 1,
    content: pack(block),
    received_at_ms: receivedAtMs,
    ttl: ttlSeconds(receivedAtMs + keepMs),
  };
  const condition =
    version === 0
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : { ConditionExpression: 'version = :version', ExpressionAttributeValues: { ':version': version } };
  try {
    await db.send(new PutCommand({ TableName: telemetryTable, Item, ...condition }));
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
};

export const readHistory =
  (store: TelemetryStore) =>
  async (shard: Shard, windowStartMs: number): Promise<Stored<HistoryBlock>> =>
    (await readStored(store, telemetryKeys.history(shard, windowStartMs), historyBlock)) ?? {
      version: 0,
      block: emptyHistory,
    };

/** Writes what was computed from the version that was read; false when another roll-up was faster. */
export const writeHistory =
  (store: TelemetryStore) =>
  (shard: Shard, windowStartMs: number, stored: Stored<HistoryBlock>, nowMs: number) =>
    writeStored(
      store,
      telemetryKeys.history(shard, windowStartMs),
      stored,
      windowStartMs,
      nowMs,
      keptMs.history,
    );

export const readDaily =
  (store: TelemetryStore) =>
  async (shard: Shard, dayStartMs: number): Promise<Stored<DailyBlock>> =>
    (await readStored(store, telemetryKeys.daily(shard, dayStartMs), dailyBlock)) ?? {
      version: 0,
      block: {},
    };

export const writeDaily =
  (store: TelemetryStore) => (shard: Shard, dayStartMs: number, stored: Stored<DailyBlock>, nowMs: number) =>
    writeStored(store, telemetryKeys.daily(shard, dayStartMs), stored, dayStartMs, nowMs, keptMs.daily);

const readBlocksBetween = async <S extends z.ZodType>(
  { db, telemetryTable }: TelemetryStore,
  pk: string,
  fromMs: number,
  toMs: number,
  schema: S,
  notReceivedBeforeMs: number,
) => {
  const found: { startMs: number; block: z.output<S> }[] = [];
  const pages = paginateQuery(
    { client: db },
    {
      TableName: telemetryTable,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: {
        ':pk': pk,
        ':from': telemetryKeys.rawFrom(fromMs),
        ':to': telemetryKeys.rawFrom(toMs - 1),
      },
    },
  );
  for await (const { Items } of pages)
    for (const item of Items ?? []) {
      const { start_ms, content, received_at_ms } = blockItem.parse(item);
      if (received_at_ms >= notReceivedBeforeMs)
        found.push({ startMs: start_ms, block: unpack(schema, content) });
    }
  return found;
};

/** A shard's five-minute blocks that start in [from, to), in order, as far as they are still kept. */
export const readHistories =
  (store: TelemetryStore) => (shard: Shard, fromMs: number, toMs: number, nowMs: number) =>
    readBlocksBetween(
      store,
      telemetryKeys.historyOfShard(shard),
      fromMs,
      toMs,
      historyBlock,
      nowMs - keptMs.history,
    );

/** A shard's days that start in [from, to), in order, as far as they are still kept. */
export const readDays =
  (store: TelemetryStore) => (shard: Shard, fromMs: number, toMs: number, nowMs: number) =>
    readBlocksBetween(
      store,
      telemetryKeys.dailyOfShard(shard),
      fromMs,
      toMs,
      dailyBlock,
      nowMs - keptMs.daily,
    );

export const daySpan = (dayStartMs: number) => [dayStartMs, dayStartMs + dayMs] as const;
