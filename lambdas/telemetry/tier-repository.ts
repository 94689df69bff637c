import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { GetCommand, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochMs } from '../../contracts/identifiers.ts';
import { ttlSeconds } from '../shared/clock.ts';
import { type BlockStore, type StoredBytes, storedBytes } from './block-store.ts';
import type { Segment } from './segments.ts';
import { sizedCache } from './sized-cache.ts';
import { type TelemetryStore, telemetryKeys } from './telemetry-keys.ts';
import type { LateRun, Run } from './tier-levels.ts';

export type TierStore = TelemetryStore & { readonly blocks: BlockStore };

/** Segments that lie one after the other in one of the block's objects. */
export type Part = {
  readonly object: number;
  readonly offset: number;
  readonly segments: readonly Segment[];
};

/** What a block says of itself beside its bytes: computed from its rows, but for `late`. */
export type Directory = {
  readonly raw: readonly Part[];
  readonly content: readonly Part[];
  /** The windows that it has rows of; a finer block that has a window stands above a coarser one that has it too. */
  readonly windows: readonly Run[];
  readonly late: readonly LateRun[];
  /** Groups only: the windows by shard. */
  readonly shards?: readonly (readonly [shard: string, windows: readonly Run[]])[] | undefined;
};

export type TierBlock = Directory & {
  readonly startMs: number;
  /** Grows with every write. */
  readonly version: number;
  /** True: what it held is in a coarser block; the item stays for a while so that no slow writer takes it for unwritten. */
  readonly moved: boolean;
  readonly objects: readonly StoredBytes[];
  /** Until when the raw rows' bytes are there at the least. */
  readonly rawUntilMs?: number | undefined;
};
export type BlockKey = { readonly pk: string; readonly sk: string };
export type PlacedBlock = TierBlock & { readonly key: BlockKey };

const maxDirectoryBytes = 16 * 1024 * 1024;
const count = z.int().nonnegative();
const run = z.tuple([count, count]);
const parts = z.array(
  z.object({
    object: count,
    offset: count,
    /** The first miner of each, and the bytes of each. */
    segments: z.tuple([z.array(z.string()), z.array(count)]),
  }),
);
const directory = z.object({
  raw: parts,
  content: parts,
  windows: z.array(run),
  late: z.array(z.tuple([count, count, count])),
  shards: z.array(z.tuple([z.string(), z.array(run)])).optional(),
});
const item = z.object({
  pk: z.string(),
  sk: z.string(),
  start_ms: epochMs,
  version: z.int().positive(),
  moved: z.boolean().optional(),
  objects: z.array(storedBytes).optional(),
  directory: z.instanceof(Uint8Array).optional(),
  raw_until_ms: epochMs.optional(),
});

const packParts = (all: readonly Part[]): z.input<typeof parts> =>
  all.map(({ object, offset, segments }) => ({
    object,
    offset,
    segments: [segments.map(({ first }) => first), segments.map(({ bytes }) => bytes)],
  }));
const unpackParts = (all: z.output<typeof parts>): Part[] =>
  all.map(({ object, offset, segments: [firsts, lengths] }) => ({
    object,
    offset,
    segments: firsts.map((first, at) => ({ first, bytes: lengths[at] ?? 0 })),
  }));

const packDirectory = ({ raw, content, windows, late, shards }: Directory) =>
  zstdCompressSync(
    JSON.stringify({ raw: packParts(raw), content: packParts(content), windows, late, shards }),
  );
const unpackDirectory = (bytes: Uint8Array | undefined): Directory => {
  if (!bytes) return emptyDirectory;
  const json = zstdDecompressSync(bytes, { maxOutputLength: maxDirectoryBytes }).toString('utf8');
  const { raw, content, ...rest } = directory.parse(JSON.parse(json));
  return { raw: unpackParts(raw), content: unpackParts(content), ...rest };
};
const emptyDirectory: Directory = { raw: [], content: [], windows: [], late: [] };

/** Directories that this process has unpacked, by their first object: what an item says of an object never changes. */
const unpacked = sizedCache<Directory>(400_000);

const directoryOf = (objects: readonly StoredBytes[], bytes: Uint8Array | undefined): Directory => {
  const [first] = objects;
  if (!first || !('key' in first)) return unpackDirectory(bytes);
  const known = unpacked.get(first.key);
  if (known) return known;
  const found = unpackDirectory(bytes);
  const segments = [...found.raw, ...found.content].reduce((sum, part) => sum + part.segments.length, 0);
  unpacked.set(first.key, found, segments + 10);
  return found;
};

const toBlock = (found: unknown): PlacedBlock => {
  const { pk, sk, start_ms, version, moved, objects, directory: packed, raw_until_ms } = item.parse(found);
  return {
    key: { pk, sk },
    startMs: start_ms,
    version,
    moved: moved ?? false,
    objects: objects ?? [],
    rawUntilMs: raw_until_ms,
    ...directoryOf(objects ?? [], packed),
  };
};

/** Version 0: there is none. */
export const noBlock = (startMs: number): TierBlock => ({
  ...emptyDirectory,
  startMs,
  version: 0,
  moved: true,
  objects: [],
});

export const readBlock =
  ({ db, telemetryTable }: TierStore) =>
  async (Key: BlockKey, startMs: number): Promise<TierBlock> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: telemetryTable, Key: { ...Key }, ConsistentRead: true }),
    );
    return Item ? toBlock(Item) : noBlock(startMs);
  };

/** The blocks under `pk` whose key lies in [from, to], in order; with `isLive`, without those that were moved. */
export const readBlocks =
  ({ db, telemetryTable }: TierStore) =>
  async (pk: string, from: string, to: string, isLive = false): Promise<PlacedBlock[]> => {
    const found: PlacedBlock[] = [];
    const pages = paginateQuery(
      { client: db },
      {
        TableName: telemetryTable,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': pk, ':from': from, ':to': to },
        ...(isLive && { FilterExpression: 'attribute_not_exists(moved)' }),
      },
    );
    for await (const { Items } of pages) for (const one of Items ?? []) found.push(toBlock(one));
    return found;
  };

/** The live blocks under `pk` that start in [fromMs, toMs). */
export const readLiveBlocks = (store: TierStore) => async (pk: string, fromMs: number, toMs: number) =>
  toMs <= fromMs
    ? []
    : readBlocks(store)(
        pk,
        telemetryKeys.from(Math.max(0, fromMs)),
        `${telemetryKeys.from(toMs - 1)}~`,
        true,
      );

type Write = Omit<TierBlock, 'version'> & { readonly untilMs: number };

/**
 * Writes a block in the place of `before`, with the next version, and lets go of the objects that it had. False when another writer was
 * faster: then the new objects are gone again.
 */
export const replaceBlock =
  (store: TierStore) =>
  async (Key: BlockKey, before: TierBlock, next: Write): Promise<boolean> => {
    const condition =
      before.version === 0
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: 'version = :before',
            ExpressionAttributeValues: { ':before': before.version },
          };
    return put(store, Key, before, { ...next, version: before.version + 1 }, condition);
  };

/** Writes a block whose version its writer knows; false where the stored one is as new or newer. */
export const putNewerBlock =
  (store: TierStore) =>
  async (Key: BlockKey, next: Write & { readonly version: number }): Promise<boolean> =>
    put(store, Key, undefined, next, {
      ConditionExpression: 'attribute_not_exists(pk) OR version < :next',
      ExpressionAttributeValues: { ':next': next.version },
    });

const put = async (
  store: TierStore,
  Key: BlockKey,
  before: TierBlock | undefined,
  next: Write & { readonly version: number },
  condition: Record<string, unknown>,
) => {
  const Item = {
    ...Key,
    start_ms: next.startMs,
    version: next.version,
    ...(next.moved
      ? { moved: true }
      : { objects: next.objects, directory: packDirectory(next), raw_until_ms: next.rawUntilMs }),
    ttl: ttlSeconds(next.untilMs),
  };
  try {
    await store.db.send(new PutCommand({ TableName: store.telemetryTable, Item, ...condition }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ConditionalCheckFailedException') throw error;
    if (!(await isStored(store, Key, next))) {
      await Promise.all(next.objects.map(store.blocks.remove));
      return false;
    }
  }
  await Promise.all((before?.objects ?? []).map(store.blocks.remove));
  return true;
};

/** True where a write that seemed refused was this one's own first try, of which the answer was lost. */
const isStored = async (store: TierStore, Key: BlockKey, { startMs, objects }: Write) => {
  const { objects: stored } = await readBlock(store)(Key, startMs);
  const keys = new Set(stored.flatMap((one) => ('key' in one ? [one.key] : [])));
  return objects.some((one) => 'key' in one && keys.has(one.key));
};

const movedKeptMs = 24 * 60 * 60_000;

/** Marks a block as held by a coarser one; false where it was written since. */
export const moveBlock =
  (store: TierStore) =>
  ({ key, ...block }: PlacedBlock, nowMs: number) =>
    replaceBlock(store)(key, block, {
      ...noBlock(block.startMs),
      moved: true,
      untilMs: nowMs + movedKeptMs,
    });
