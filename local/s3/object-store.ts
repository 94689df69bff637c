import { createHash, randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import { isExpired, type LifecycleRule } from './lifecycle.ts';

const stored = z.object({
  key: z.string(),
  file: z.string(),
  size: z.int(),
  md5: z.string(),
  crc32: z.string(),
  modified_ms: z.int(),
  headers: z.string(),
});
const headersText = z.record(z.string(), z.string());

/** What is known of an object: `headers` are those that it was put with and is answered with. */
export type StoredObject = {
  readonly key: string;
  readonly file: string;
  readonly size: number;
  readonly md5: string;
  readonly crc32: string;
  readonly modifiedMs: number;
  readonly headers: Readonly<Record<string, string>>;
};
/** Bytes on their way to becoming an object. Nobody sees them before `commit`; `discard` forgets them. */
export type Upload = {
  readonly write: (bytes: Buffer) => void;
  readonly digests: () => {
    readonly size: number;
    readonly md5: string;
    readonly crc32: string;
    readonly sha256: string;
  };
  /** Makes them the object under the key; `allow` is asked about the present one at that very moment. */
  readonly commit: (
    bucket: string,
    key: string,
    headers: Readonly<Record<string, string>>,
    allow: (present: StoredObject | undefined) => void,
  ) => void;
  readonly discard: () => void;
};

const sweepMs = 60 * 60_000;
const sweepRows = 1_000;
const lastCodePoint = '\u{10FFFF}';

const schema = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA wal_autocheckpoint = 4000;
  CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT NOT NULL, key TEXT NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL, md5 TEXT NOT NULL,
    crc32 TEXT NOT NULL, modified_ms INTEGER NOT NULL, headers TEXT NOT NULL, PRIMARY KEY (bucket, key)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY) WITHOUT ROWID;
`;

export type ObjectStore = ReturnType<typeof openObjectStore>;

/**
 * Objects in files, and where each lies in SQLite. A put writes a new file and then one row, so that readers see the old object or
 * the new one whole; what a crash leaves without a row is removed at the next start. Opening costs a listing of file names.
 */
export const openObjectStore = (directory: string, nowMs: () => number = Date.now) => {
  mkdirSync(directory, { recursive: true });
  const database = new DatabaseSync(join(directory, 'objects.sqlite'));
  database.exec(schema);
  const pathOf = (file: string) => join(directory, 'bytes', file.slice(0, 2), file);
  for (let at = 0; at < 256; at++)
    mkdirSync(join(directory, 'bytes', at.toString(16).padStart(2, '0')), { recursive: true });
  const columns = 'key, file, size, md5, crc32, modified_ms, headers';
  const find = database.prepare(`SELECT ${columns} FROM objects WHERE bucket = ? AND key = ?`);
  const put = database.prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM objects WHERE bucket = ? AND key = ? AND file = ?');
  const range = database.prepare(
    `SELECT ${columns} FROM objects WHERE bucket = ? AND key > ? AND key >= ? AND key < ? ORDER BY key LIMIT ?`,
  );
  const addBucket = database.prepare('INSERT OR IGNORE INTO buckets VALUES (?)');
  const names = database.prepare('SELECT name FROM buckets').all();
  const lifecycles = new Map<string, readonly LifecycleRule[]>(names.map(({ name }) => [String(name), []]));
  let sweeping: NodeJS.Immediate | undefined;

  const toObject = (row: unknown): StoredObject => {
    const { modified_ms, headers, ...rest } = stored.parse(row);
    return { ...rest, modifiedMs: modified_ms, headers: headersText.parse(JSON.parse(headers)) };
  };
  const isPast = (bucket: string, { key, modifiedMs }: StoredObject) =>
    isExpired(lifecycles.get(bucket) ?? [], key, modifiedMs, nowMs());
  const get = (bucket: string, key: string): StoredObject | undefined => {
    const row = find.get(bucket, key);
    const found = row && toObject(row);
    return found && !isPast(bucket, found) ? found : undefined;
  };
  const forget = (bucket: string, { key, file }: StoredObject) => {
    remove.run(bucket, key, file);
    rmSync(pathOf(file), { force: true });
  };
  const after = (bucket: string, prefix: string, afterKey: string, limit: number) =>
    range.all(bucket, afterKey, prefix, `${prefix}${lastCodePoint}`, limit).map(toObject);

  const begin = (): Upload => {
    const file = randomBytes(16).toString('hex');
    const fd = openSync(pathOf(file), 'wx');
    const md5 = createHash('md5');
    const sha256 = createHash('sha256');
    let crc = 0;
    let size = 0;
    let isOpen = true;
    const close = () => {
      if (isOpen) closeSync(fd);
      isOpen = false;
    };
    let found: ReturnType<Upload['digests']> | undefined;
    const digests = () => {
      const crcBytes = Buffer.alloc(4);
      crcBytes.writeUInt32BE(crc);
      found ??= {
        size,
        md5: md5.digest('hex'),
        crc32: crcBytes.toString('base64'),
        sha256: sha256.digest('hex'),
      };
      return found;
    };
    const discard = () => {
      close();
      rmSync(pathOf(file), { force: true });
    };
    return {
      write: (bytes) => {
        for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
        md5.update(bytes);
        sha256.update(bytes);
        crc = crc32(bytes, crc);
        size += bytes.length;
      },
      digests,
      discard,
      commit: (bucket, key, headers, allow) => {
        close();
        allow(get(bucket, key));
        const before = find.get(bucket, key);
        const sums = digests();
        put.run(bucket, key, file, sums.size, sums.md5, sums.crc32, nowMs(), JSON.stringify(headers));
        if (before) rmSync(pathOf(toObject(before).file), { force: true });
      },
    };
  };

  /** Removes what has expired, some rows at a time, so that requests come between. */
  const sweep = (bucket: string, from = '') => {
    const rows = after(bucket, '', from, sweepRows);
    for (const row of rows) if (isPast(bucket, row)) forget(bucket, row);
    const last = rows.length === sweepRows ? rows.at(-1)?.key : undefined;
    if (last !== undefined) sweeping = setImmediate(() => sweep(bucket, last));
  };
  const removeOrphans = () => {
    const known = new Set(
      database
        .prepare('SELECT file FROM objects')
        .all()
        .map((row) => String(row.file)),
    );
    for (const entry of readdirSync(join(directory, 'bytes')))
      for (const file of readdirSync(join(directory, 'bytes', entry)))
        if (!known.has(file)) rmSync(pathOf(file), { force: true });
  };
  removeOrphans();
  const timer = setInterval(() => [...lifecycles.keys()].map((bucket) => sweep(bucket)), sweepMs).unref();

  return {
    /** Says that the bucket exists, and when what lies in it expires. */
    createBucket: (bucket: string, rules?: readonly LifecycleRule[]) => {
      addBucket.run(bucket);
      if (rules || !lifecycles.has(bucket)) lifecycles.set(bucket, rules ?? []);
    },
    hasBucket: (bucket: string) => lifecycles.has(bucket),
    get,
    begin,
    /** Opens an object's bytes; the descriptor stays good when the object is replaced meanwhile. */
    open: ({ file }: StoredObject) => openSync(pathOf(file), 'r'),
    /** Keys below a prefix in byte order, after one of them. */
    list: (bucket: string, prefix: string, afterKey: string, limit: number): StoredObject[] => {
      const found: StoredObject[] = [];
      for (let from = afterKey; found.length < limit; ) {
        const rows = after(bucket, prefix, from, limit);
        found.push(...rows.filter((one) => one.key.startsWith(prefix) && !isPast(bucket, one)));
        const last = rows.length === limit ? rows.at(-1)?.key : undefined;
        if (last === undefined) break;
        from = last;
      }
      return found.slice(0, limit);
    },
    delete: (bucket: string, key: string) => {
      const row = find.get(bucket, key);
      if (row) forget(bucket, toObject(row));
    },
    sweep,
    close: () => {
      clearInterval(timer);
      clearImmediate(sweeping);
      database.close();
    },
  };
};

/** Bytes [start, start + length) of an open file. Throws Error when the file is shorter. */
export const readRange = (fd: number, start: number, length: number): Buffer => {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; ) {
    const read = readSync(fd, bytes, at, length - at, start + at);
    if (read === 0) throw new Error('An object is shorter than its row says');
    at += read;
  }
  return bytes;
};
