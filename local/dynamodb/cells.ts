import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A range of keys of one space. Keys are ASCII and never contain a control character. */
export type Range = {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
};

/** Sorts behind a key and before every longer one. */
const after = (key: string) => `${key}\u0001`;

/**
 * Ordered cells (space, key, JSON text) in one SQLite file, beside the tables of streams and expiries, so that one
 * transaction covers an item, its index entries, its stream record and its expiry. Everything is synchronous: what runs
 * between `begin` and `commit` is alone.
 */
export const openCells = (directory: string) => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(directory, 'tables.sqlite'));
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000;
    CREATE TABLE IF NOT EXISTS spaces (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS cells (space INTEGER NOT NULL, k TEXT NOT NULL, v TEXT NOT NULL);
    CREATE UNIQUE INDEX IF NOT EXISTS cells_by_key ON cells (space, k);`);
  const readCell = database.prepare('SELECT v FROM cells WHERE space = ? AND k = ?');
  const writeCell = database.prepare(
    'INSERT INTO cells (space, k, v) VALUES (?, ?, ?) ON CONFLICT (space, k) DO UPDATE SET v = excluded.v',
  );
  const removeCell = database.prepare('DELETE FROM cells WHERE space = ? AND k = ?');
  const removeSpace = database.prepare('DELETE FROM cells WHERE space = ?');
  const countCells = database.prepare('SELECT count(*) AS n FROM cells WHERE space = ?');
  const addSpace = database.prepare(
    'INSERT INTO spaces (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id',
  );
  const scan = (order: 'ASC' | 'DESC') =>
    database.prepare(`SELECT v FROM cells WHERE space = ? AND k >= ? AND k < ? ORDER BY k ${order} LIMIT ?`);
  const scans = { forward: scan('ASC'), backward: scan('DESC') };
  const [begin, commit, rollback] = ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'].map((sql) =>
    database.prepare(sql),
  );

  const ids = new Map<string, number>();
  const idOf = (space: string) => {
    const known = ids.get(space);
    if (known !== undefined) return known;
    const id = Number(addSpace.get(space)?.id);
    ids.set(space, id);
    return id;
  };
  let depth = 0;

  return {
    database,
    get: (space: string, key: string): string | undefined => {
      const text = readCell.get(idOf(space), key)?.v;
      return typeof text === 'string' ? text : undefined;
    },
    put: (space: string, key: string, text: string) => void writeCell.run(idOf(space), key, text),
    del: (space: string, key: string) => void removeCell.run(idOf(space), key),
    clear: (space: string) => void removeSpace.run(idOf(space)),
    count: (space: string) => Number(countCells.get(idOf(space))?.n),
    *values(space: string, { gt, gte, lt, lte, reverse, limit }: Range): Generator<string> {
      const low = gte ?? (gt === undefined ? '' : after(gt));
      const high = lte === undefined ? (lt ?? '~~') : after(lte);
      const rows = (reverse ? scans.backward : scans.forward).iterate(
        idOf(space),
        low,
        high,
        limit !== undefined && limit > 0 ? limit : -1,
      );
      for (const row of rows) if (typeof row.v === 'string') yield row.v;
    },
    /** Runs `work` as one transaction: all of its writes, or, when it throws, none. Within another it joins that one. */
    atomically: <T>(work: () => T): T => {
      if (depth > 0) return work();
      begin?.run();
      depth += 1;
      try {
        const result = work();
        commit?.run();
        return result;
      } catch (error) {
        rollback?.run();
        // A space that was named first in this transaction is unknown again.
        ids.clear();
        throw error;
      } finally {
        depth -= 1;
      }
    },
    close: () => {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      database.close();
    },
  };
};
export type Cells = ReturnType<typeof openCells>;
