import * as z from 'zod';
import type { SpoolDepth } from '../../contracts/telemetry-batch.ts';
import type { StateFile } from './state-file.ts';

/** What the spool knows of a batch without reading it. */
const spooled = z.object({
  sequence: z.int(),
  shard: z.int(),
  previous: z.int(),
  created_ms: z.int(),
  rows: z.int(),
  bytes: z.int(),
  stride: z.int(),
});
export type Spooled = z.infer<typeof spooled>;
const columns = 'sequence, shard, previous, created_ms, rows, bytes, stride';

export type NewBatch = {
  readonly shard: number;
  readonly sequence: number;
  readonly previousSequence: number;
  readonly createdAtMs: number;
  readonly rows: number;
  readonly payload: Uint8Array;
  /** Of how many samples of a miner one was kept, and whether neighbours were folded into it. */
  readonly stride?: number;
  readonly folded?: boolean;
};

const tallies = {
  bytes: 'spool_bytes',
  putRows: 'spool_put_rows',
  coveredRows: 'spool_covered_rows',
  thinnedRows: 'spool_thinned_rows',
  droppedRows: 'spool_dropped_rows',
  droppedBatches: 'spool_dropped_batches',
  unconfirmedRows: 'spool_unconfirmed_rows',
} as const;
type Tally = keyof typeof tallies;

const resendCapMs = 6 * 3_600_000;
/** A clock that goes back by more was wrong before. */
const clockBackMs = 5 * 60_000;
const mostSends = { heard: 8, unheard: 2 };

/**
 * Telemetry on the disk until the cloud's receipt covers it. A batch waits, is handed to the line (from then on its bytes never change, since the cloud
 * takes a sequence once), is sent when the broker has acknowledged it, and is forgotten when a receipt covers it. Every method is one
 * transaction, or joins its caller's.
 */
export class Spool {
  readonly state: StateFile;

  /** @param startMs where the sequences of a new state file begin: the clock, so that a replaced disk repeats none. */
  constructor(state: StateFile, startMs: number) {
    this.state = state;
    if (state.counter('batch_sequence') === 0) state.setCounter('batch_sequence', startMs);
    // What was handed over when the process ended may or may not have arrived: it is still waiting, and its bytes stand.
  }

  tally(name: Tally): number {
    return this.state.counter(tallies[name]);
  }

  /** Where the next batch of a shard goes: its sequence, and the sequence of the one before it. Takes nothing yet. */
  nextOf(shard: number): { readonly sequence: number; readonly previousSequence: number } {
    const head = this.state.sql('SELECT sequence FROM shard_head WHERE shard = ?').get(shard);
    return {
      sequence: this.state.counter('batch_sequence') + 1,
      previousSequence: typeof head?.sequence === 'number' ? head.sequence : 0,
    };
  }

  /** Keeps a new batch; its sequence is taken with it, in one transaction. */
  put(batch: NewBatch) {
    this.state.transact(() => {
      this.state.setCounter('batch_sequence', batch.sequence);
      this.state
        .sql(
          'INSERT INTO shard_head (shard, sequence) VALUES (?, ?) ON CONFLICT (shard) DO UPDATE SET sequence = excluded.sequence',
        )
        .run(batch.shard, batch.sequence);
      this.#insert(batch);
      this.count('putRows', batch.rows);
    });
  }

  /** Puts batches in the place of neighbours that were never handed over, with sequences of theirs. */
  replace(old: readonly Spooled[], by: readonly NewBatch[]) {
    this.state.transact(() => {
      for (const { sequence } of old) this.#remove(sequence);
      for (const batch of by) this.#insert(batch);
    });
  }

  payload(sequence: number): Uint8Array | undefined {
    const row = this.state.sql('SELECT payload FROM batch_payload WHERE sequence = ?').get(sequence);
    return row?.payload instanceof Uint8Array ? row.payload : undefined;
  }

  /** Batches that wait: made since `freshFromMs`, or before it; oldest first. */
  waiting(lane: 'fresh' | 'backlog', freshFromMs: number, limit: number): Spooled[] {
    const since = lane === 'fresh' ? 'created_ms >= ?' : 'created_ms < ?';
    return this.#list(
      `SELECT ${columns} FROM batch WHERE waiting = 1 AND ${since} ORDER BY created_ms, sequence LIMIT ?`,
      freshFromMs,
      limit,
    );
  }

  /** Before they go to the line: from now on their bytes stand. */
  hand(sequences: readonly number[]) {
    this.state.transact(() => {
      for (const sequence of sequences)
        this.state.sql('UPDATE batch SET handed = 1 WHERE sequence = ?').run(sequence);
    });
  }

  /** The broker has them. They come again when no receipt covers them in time. */
  sent(sequences: readonly number[], nowMs: number, resendMs: number) {
    const limit = this.state.counter('receipt_issued_ms') > 0 ? mostSends.heard : mostSends.unheard;
    this.state.transact(() => {
      for (const sequence of sequences)
        this.state
          .sql(
            `UPDATE batch SET waiting = 0, sends = sends + 1, sent_ms = ?,
               due_ms = CASE WHEN sends + 1 < ? THEN ? + MIN(?, ? << MIN(sends, 20)) END WHERE sequence = ?`,
          )
          .run(nowMs, limit, nowMs, resendCapMs, resendMs, sequence);
    });
  }

  /** Makes those wait again that were sent and have had no receipt for too long, or that a clock since put right sent. */
  requeueOverdue(nowMs: number) {
    this.state
      .sql(
        'UPDATE batch SET waiting = 1, due_ms = NULL WHERE due_ms IS NOT NULL AND waiting = 0 AND (due_ms <= ? OR sent_ms > ?)',
      )
      .run(nowMs, nowMs + clockBackMs);
  }

  /** Batches of a shard with sequences after `after` and before `before`. */
  between(shard: number, after: number, before: number): Spooled[] {
    return this.#list(
      `SELECT ${columns} FROM batch WHERE shard = ? AND sequence > ? AND sequence < ? ORDER BY sequence`,
      shard,
      after,
      before,
    );
  }

  /** The link of one batch to the one before it in its shard. */
  linkOf(sequence: number): number | undefined {
    const row = this.state.sql('SELECT previous FROM batch WHERE sequence = ?').get(sequence);
    return typeof row?.previous === 'number' ? row.previous : undefined;
  }

  /** The cloud asks for a batch again: sent batches wait again at `dueMs`, if not before. */
  ask(sequence: number, settleMs: number) {
    this.state
      .sql(
        `UPDATE batch SET due_ms = MIN(COALESCE(due_ms, sent_ms + ?), sent_ms + ?) WHERE sequence = ? AND waiting = 0`,
      )
      .run(settleMs, settleMs, sequence);
  }

  /** Forgets what a receipt covers: of a shard, what was handed over, after `after` and up to `through`. */
  forgetCovered(shard: number, after: number, through: number): number {
    const covered = this.#list(
      `SELECT ${columns} FROM batch WHERE shard = ? AND sequence > ? AND sequence <= ? AND handed = 1`,
      shard,
      after,
      through,
    );
    this.state.transact(() => {
      for (const { sequence, rows } of covered) {
        this.#remove(sequence);
        this.count('coveredRows', rows);
      }
    });
    return covered.length;
  }

  /** Forgets the oldest batch that the broker has acknowledged, though no receipt covers it. */
  forgetUnconfirmed(): boolean {
    return this.#forgetFirst('unconfirmedRows', 'waiting = 0');
  }

  /** Drops the oldest batch that waits: its readings are lost. */
  dropOldest(): boolean {
    const dropped = this.#forgetFirst('droppedRows', 'waiting = 1');
    if (dropped) this.count('droppedBatches', 1);
    return dropped;
  }

  /** Neighbours that may still be changed, from the shard of the first on: whole links, in order, within the bounds. */
  run(first: Spooled, { rows, batches }: { readonly rows: number; readonly batches: number }): Spooled[] {
    const following = this.#list(
      `SELECT ${columns} FROM batch WHERE shard = ? AND sequence >= ? AND waiting = 1 AND handed = 0 AND stride = ?
         ORDER BY sequence LIMIT ?`,
      first.shard,
      first.sequence,
      first.stride,
      batches,
    );
    let room = rows;
    let link = first.previous;
    const linked: Spooled[] = [];
    for (const batch of following) {
      room -= batch.rows;
      if (batch.previous !== link || (room < 0 && linked.length > 0)) break;
      link = batch.sequence;
      linked.push(batch);
    }
    return linked;
  }

  /** The oldest of the least thinned batches, where one is thinned less than the floor. */
  leastThinned(floor: number): Spooled | undefined {
    return this.#list(
      `SELECT ${columns} FROM batch WHERE waiting = 1 AND handed = 0 AND stride < ? ORDER BY stride, sequence LIMIT 1`,
      floor,
    )[0];
  }

  /** The oldest batch of a shard that nothing was folded into yet and that was made before `beforeMs`. */
  firstUnfolded(shard: number, beforeMs: number): Spooled | undefined {
    return this.#list(
      `SELECT ${columns} FROM batch WHERE shard = ? AND folded = 0 AND waiting = 1 AND handed = 0 AND created_ms < ?
         ORDER BY sequence LIMIT 1`,
      shard,
      beforeMs,
    )[0];
  }

  markStride(batches: readonly Spooled[], stride: number) {
    for (const { sequence } of batches)
      this.state.sql('UPDATE batch SET stride = ? WHERE sequence = ?').run(stride, sequence);
  }

  markFolded(batches: readonly Spooled[]) {
    for (const { sequence } of batches)
      this.state.sql('UPDATE batch SET folded = 1 WHERE sequence = ?').run(sequence);
  }

  /** No sequence up to this one is given any more: the cloud has seen them all, though this file has not. */
  skipTo(sequence: number): boolean {
    if (sequence <= this.state.counter('batch_sequence')) return false;
    this.state.setCounter('batch_sequence', sequence);
    return true;
  }

  get waitingCount(): number {
    const row = this.state.sql('SELECT COUNT(*) AS total FROM batch WHERE waiting = 1').get();
    return typeof row?.total === 'number' ? row.total : 0;
  }

  get bytes() {
    return this.tally('bytes');
  }

  depth(nowMs: number): SpoolDepth {
    const row = this.state.sql('SELECT MIN(created_ms) AS oldest FROM batch WHERE waiting = 1').get();
    return {
      waiting: this.waitingCount,
      oldestMs: typeof row?.oldest === 'number' ? Math.max(0, nowMs - row.oldest) : 0,
      bytes: this.bytes,
      thinnedRows: this.tally('thinnedRows'),
      droppedRows: this.tally('droppedRows'),
    };
  }

  /** Kept in the file, so that it goes back with a transaction that does. */
  count(name: Tally, more: number) {
    this.state.setCounter(tallies[name], this.tally(name) + more);
  }

  /** Gives pages back to the disk, some at a time, once most of the file is empty. */
  shrink() {
    const free = this.state.sql('PRAGMA freelist_count').get()?.freelist_count;
    const all = this.state.sql('PRAGMA page_count').get()?.page_count;
    if (typeof free === 'number' && typeof all === 'number' && free > 1_000 && free > all / 2)
      this.state.db.exec('PRAGMA incremental_vacuum(4000)');
  }

  #list(sql: string, ...values: number[]): Spooled[] {
    return z.array(spooled).parse(this.state.sql(sql).all(...values));
  }

  #insert({ sequence, shard, previousSequence, createdAtMs, rows, payload, stride = 1, folded }: NewBatch) {
    this.state
      .sql(
        `INSERT INTO batch (sequence, shard, previous, created_ms, rows, bytes, stride, folded, waiting, handed, sends)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0)`,
      )
      .run(sequence, shard, previousSequence, createdAtMs, rows, payload.length, stride, folded ? 1 : 0);
    this.state.sql('INSERT INTO batch_payload (sequence, payload) VALUES (?, ?)').run(sequence, payload);
    this.count('bytes', payload.length);
  }

  #remove(sequence: number): number | undefined {
    const row = this.state.sql('DELETE FROM batch WHERE sequence = ? RETURNING bytes, rows').get(sequence);
    if (typeof row?.bytes !== 'number' || typeof row.rows !== 'number') return undefined;
    this.state.sql('DELETE FROM batch_payload WHERE sequence = ?').run(sequence);
    this.count('bytes', -row.bytes);
    return row.rows;
  }

  #forgetFirst(tally: Tally, where: string): boolean {
    return this.state.transact(() => {
      const row = this.state
        .sql(`SELECT sequence FROM batch WHERE ${where} ORDER BY created_ms, sequence LIMIT 1`)
        .get();
      const rows = typeof row?.sequence === 'number' ? this.#remove(row.sequence) : undefined;
      if (rows !== undefined) this.count(tally, rows);
      return rows !== undefined;
    });
  }
}
