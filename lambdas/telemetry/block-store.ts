import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import { objectReader } from './object-reader.ts';
import { sizedCache } from './sized-cache.ts';

/** Up to this size bytes lie in the DynamoDB item itself: cheaper than an object, and one request less to read. */
export const maxInlineBytes = 6 * 1024;

/** Where bytes lie: in the item that says so, or as an object of the blocks' bucket. For items: numbers and binary as the document client gives them. */
export const storedBytes: z.ZodType<StoredBytes> = z.union([
  z.strictObject({ inline: z.instanceof(Uint8Array) }),
  z.strictObject({
    key: z.string().min(1),
    bytes: z.int().positive(),
    from: z.int().nonnegative().exactOptional(),
  }),
]);
/** `from`: where they begin in an object that they share with others. */
export type StoredBytes =
  | { readonly inline: Uint8Array }
  | { readonly key: string; readonly bytes: number; readonly from?: number };

/** True where other bytes lie in the same object: then it may go only when none of them is needed any more. */
export const isShared = (stored: StoredBytes) => 'from' in stored;

/** Are these the same bytes at the same place? */
export const isSame = (one: StoredBytes, other: StoredBytes) =>
  'inline' in one
    ? 'inline' in other && Buffer.compare(one.inline, other.inline) === 0
    : 'key' in other && one.key === other.key;

/** A part of stored bytes: `end` is left out of it. */
export type ByteRange = { readonly start: number; readonly end: number };

/** The prefixes of the bucket; each is kept as long as anything may refer to it (lib/telemetry/telemetry-buckets.ts). */
export type BlockPrefix = 'batch' | 'raw' | 'live' | 'history' | 'groups' | 'daily' | 'export';

/**
 * Immutable bytes by name. `put` writes small ones inline and others under a name that nobody has used before, so what was put can be
 * removed again when the item that was to name it could not be written; `putAll` writes several as one object, as S3 charges by the request. `remove`
 * removes the whole object. `get` throws BytesGone where the object was
 * removed since its item was read: read the item again.
 */
export type BlockStore = {
  readonly put: (prefix: BlockPrefix, name: string, bytes: Uint8Array) => Promise<StoredBytes>;
  readonly putAll: (prefix: BlockPrefix, name: string, all: readonly Uint8Array[]) => Promise<StoredBytes[]>;
  readonly get: (stored: StoredBytes, range?: ByteRange) => Promise<Uint8Array>;
  readonly remove: (stored: StoredBytes) => Promise<void>;
};

/** The object that an item named is no longer there. */
export class BytesGone extends Error {
  constructor(key: string) {
    super(`No bytes are stored under ${key}`);
  }
}

const cut = (bytes: Uint8Array, range: ByteRange | undefined) =>
  range ? bytes.subarray(range.start, range.end) : bytes;
const uniqueKey = (prefix: BlockPrefix, name: string) => `${prefix}/${name}/${randomUUID()}`;

export const sizeOf = (stored: StoredBytes) => ('inline' in stored ? stored.inline.length : stored.bytes);

type PutObject = (key: string, bytes: Uint8Array) => Promise<unknown>;
const puts = (putObject: PutObject): Pick<BlockStore, 'put' | 'putAll'> => {
  const putAll = async (prefix: BlockPrefix, name: string, all: readonly Uint8Array[]) => {
    const large = all.filter(({ length }) => length > maxInlineBytes);
    if (large.length === 0) return all.map((inline) => ({ inline }));
    const key = uniqueKey(prefix, name);
    await putObject(key, large.length === 1 ? (large[0] ?? new Uint8Array()) : Buffer.concat(large));
    let from = 0;
    return all.map((bytes) => {
      if (bytes.length <= maxInlineBytes) return { inline: bytes };
      const stored = { key, bytes: bytes.length, ...(large.length > 1 && { from }) };
      from += bytes.length;
      return stored;
    });
  };
  return {
    putAll,
    put: async (prefix, name, bytes) => {
      const [stored] = await putAll(prefix, name, [bytes]);
      return stored ?? { inline: bytes };
    },
  };
};

/** What of its object is asked for; undefined for the whole of it. */
const rangeIn = (
  stored: { readonly bytes: number; readonly from?: number },
  range: ByteRange | undefined,
): ByteRange | undefined => {
  if (stored.from === undefined) return range;
  const { start, end } = range ?? { start: 0, end: stored.bytes };
  return { start: stored.from + start, end: stored.from + end };
};

/**
 * Blocks as objects of the bucket, small ones inline. With `cacheBytes`, remembers so much of the parts that were read last: objects never
 * change.
 */
export const s3BlockStore = (s3: S3Client, bucket: string, cacheBytes = 0): BlockStore => {
  const read = objectReader(s3, bucket);
  const parts = sizedCache<Uint8Array>(cacheBytes);
  const ask = async (key: string, range: ByteRange | undefined): Promise<Uint8Array> => {
    try {
      const { Body } = await s3.send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(range && { Range: `bytes=${range.start}-${range.end - 1}` }),
        }),
      );
      if (!Body) throw new BytesGone(key);
      return await Body.transformToByteArray();
    } catch (error) {
      if (error instanceof NoSuchKey) throw new BytesGone(key);
      throw error;
    }
  };
  return {
    ...puts((key, bytes) =>
      s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: bytes,
          ContentType: 'application/octet-stream',
        }),
      ),
    ),
    get: async (stored, asked) => {
      if ('inline' in stored) return cut(stored.inline, asked);
      const { key } = stored;
      const range = rangeIn(stored, asked);
      const name = range && `${key}#${range.start}-${range.end}`;
      const known = name && parts.get(name);
      if (known) return known;
      const bytes = (await read(key, range)) ?? (await ask(key, range));
      if (name) parts.set(name, bytes, bytes.length);
      return bytes;
    },
    remove: async (stored) => {
      if ('key' in stored) await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: stored.key }));
    },
  };
};

/** For tests and benches: the same in memory. `objects` are what S3 would hold. */
export const memoryBlockStore = (): BlockStore & { readonly objects: Map<string, Uint8Array> } => {
  const objects = new Map<string, Uint8Array>();
  return {
    objects,
    ...puts(async (key, bytes) => void objects.set(key, Uint8Array.from(bytes))),
    get: async (stored, range) => {
      if ('inline' in stored) return cut(stored.inline, range);
      const bytes = objects.get(stored.key);
      if (!bytes) throw new BytesGone(stored.key);
      return cut(bytes, rangeIn(stored, range));
    },
    remove: async (stored) => {
      if ('key' in stored) objects.delete(stored.key);
    },
  };
};
