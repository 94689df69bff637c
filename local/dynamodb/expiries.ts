import type { Cells } from './cells.ts';
import type { Item } from './stream-log.ts';

const fiveYearsS = 5 * 365 * 86_400;
const sweepSize = 200;
const longestWaitMs = 30_000;

/** The second at which an item expires by a TTL attribute; undefined where DynamoDB would never delete it by that value. */
export const expiryOf = (item: Item, attribute: string, nowS: number): number | undefined => {
  const value = item[attribute];
  if (typeof value !== 'object' || value === null || !('N' in value)) return undefined;
  const at = Math.floor(Number(value.N));
  return Number.isFinite(at) && at > nowS - fiveYearsS ? at : undefined;
};

/**
 * When the items of tables with a time to live expire, kept with the items. `sweep` is called, promptly, with what has
 * expired; deletions happen there.
 */
export const openExpiries = (
  cells: Cells,
  sweep: (expired: readonly { table: string; key: string }[]) => void,
) => {
  const { database } = cells;
  database.exec(`
    CREATE TABLE IF NOT EXISTS expiries (tbl TEXT NOT NULL, k TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (tbl, k)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS expiries_in_order ON expiries (at);`);
  const write = database.prepare(
    'INSERT INTO expiries (tbl, k, at) VALUES (?, ?, ?) ON CONFLICT (tbl, k) DO UPDATE SET at = excluded.at',
  );
  const remove = database.prepare('DELETE FROM expiries WHERE tbl = ? AND k = ?');
  const clear = database.prepare('DELETE FROM expiries WHERE tbl = ?');
  const due = database.prepare('SELECT tbl, k FROM expiries WHERE at < ? ORDER BY at LIMIT ?');
  const next = database.prepare('SELECT min(at) AS at FROM expiries');
  let timer: NodeJS.Timeout | undefined;
  let wakesAtMs = Number.POSITIVE_INFINITY;

  const arm = (atMs: number) => {
    if (atMs >= wakesAtMs) return;
    clearTimeout(timer);
    wakesAtMs = atMs;
    timer = setTimeout(run, Math.min(longestWaitMs, Math.max(0, atMs - Date.now()))).unref();
  };
  const run = () => {
    wakesAtMs = Number.POSITIVE_INFINITY;
    const rows = due.all(Math.floor(Date.now() / 1000), sweepSize);
    if (rows.length > 0) sweep(rows.map((row) => ({ table: String(row.tbl), key: String(row.k) })));
    const at = next.get()?.at;
    if (typeof at === 'number')
      arm(rows.length === sweepSize ? Date.now() : Math.max((at + 1) * 1000, Date.now() + 50));
  };

  return {
    start: run,
    note: (table: string, key: string, item: Item, attribute: string) => {
      const at = expiryOf(item, attribute, Date.now() / 1000);
      if (at === undefined) return void remove.run(table, key);
      write.run(table, key, at);
      arm((at + 1) * 1000);
    },
    forget: (table: string, key: string) => void remove.run(table, key),
    clear: (table: string) => void clear.run(table),
    close: () => {
      clearTimeout(timer);
      wakesAtMs = Number.NEGATIVE_INFINITY;
    },
  };
};
export type Expiries = ReturnType<typeof openExpiries>;
