import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';

/** One target's share of an event, complete: it needs neither the rule nor the event any more. */
export const delivery = z.object({
  targetArn: z.string(),
  payload: z.string(),
  /** Names a state machine's execution, so that a repeated delivery starts it once. */
  executionName: z.string(),
  deadLetterArn: z.string().optional(),
  maxAttempts: z.int().min(1),
  maxAgeMs: z.number(),
});
export type Delivery = z.infer<typeof delivery>;

type Options = {
  readonly directory: string;
  /** Hands a payload to its target; rejects when the target did not take it. */
  readonly hand: (one: Delivery) => Promise<void>;
  /** Hands over what no attempt could deliver; rejects when that fails, too. */
  readonly giveUp: (one: Delivery, reason: string) => Promise<void>;
  readonly retryMs?: (attempt: number) => number;
};

const atOnce = 32;
const longestTimerMs = 60_000;
const defaultRetryMs = (attempt: number) => Math.min(60_000, 500 * 2 ** Math.min(attempt, 8));

/**
 * Deliveries that wait for their targets, on disk from before an event is acknowledged until its target has taken it or
 * it has been given up. They are made at least once; a crash in between makes them again.
 */
export const openDeliveries = ({ directory, hand, giveUp, retryMs = defaultRetryMs }: Options) => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(directory, 'events.sqlite'));
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS deliveries (
      id INTEGER PRIMARY KEY AUTOINCREMENT, content TEXT NOT NULL, accepted_at INTEGER NOT NULL, attempts INTEGER NOT NULL, due_at INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at, id);`);
  const insert = database.prepare(
    'INSERT INTO deliveries (content, accepted_at, attempts, due_at) VALUES (?, ?, 0, ?)',
  );
  const readDue = database.prepare(
    'SELECT id, content, accepted_at, attempts FROM deliveries WHERE due_at <= ? ORDER BY due_at, id LIMIT ?',
  );
  const nextDue = database.prepare('SELECT min(due_at) AS at FROM deliveries WHERE due_at > ?');
  const postpone = database.prepare('UPDATE deliveries SET attempts = ?, due_at = ? WHERE id = ?');
  const remove = database.prepare('DELETE FROM deliveries WHERE id = ?');
  const count = database.prepare('SELECT count(*) AS n FROM deliveries');
  const underWay = new Map<number, Promise<void>>();
  let running = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const attempt = async (id: number, one: Delivery, acceptedAtMs: number, attempts: number) => {
    try {
      await hand(one);
      remove.run(id);
    } catch (error) {
      if (closed) return;
      const reason = error instanceof Error ? error.message : String(error);
      const spent = attempts + 1 >= one.maxAttempts || Date.now() - acceptedAtMs >= one.maxAgeMs;
      const given =
        spent &&
        (await giveUp(one, reason).then(
          () => true,
          () => false,
        ));
      if (closed) return;
      if (given) remove.run(id);
      else postpone.run(attempts + 1, Date.now() + retryMs(attempts), id);
    }
  };

  const pump = () => {
    if (!running || closed) return;
    clearTimeout(timer);
    // Those under way are due, too: they are read again and passed over.
    for (const row of readDue.all(Date.now(), atOnce * 2)) {
      if (underWay.size >= atOnce) return;
      const id = Number(row.id);
      if (underWay.has(id)) continue;
      const one = delivery.parse(JSON.parse(String(row.content)));
      const work = attempt(id, one, Number(row.accepted_at), Number(row.attempts)).finally(() => {
        underWay.delete(id);
        pump();
      });
      underWay.set(id, work);
    }
    const at = nextDue.get(Date.now())?.at;
    if (typeof at === 'number')
      timer = setTimeout(pump, Math.min(longestTimerMs, Math.max(1, at - Date.now()))).unref();
  };

  return {
    database,
    /** Stores deliveries (and whatever else `work` writes) in one transaction. Call `pump` once afterwards. */
    atomically: <T>(work: (add: (one: Delivery) => void) => T): T => {
      const now = Date.now();
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = work((one) => void insert.run(JSON.stringify(one), now, now));
        database.exec('COMMIT');
        return result;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    pump,
    begin: () => {
      running = true;
      pump();
    },
    waiting: () => Number(count.get()?.n),
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await Promise.allSettled(underWay.values());
      database.close();
    },
  };
};
export type Deliveries = ReturnType<typeof openDeliveries>;
