import type { StateFile } from './state-file.ts';

/** `control` (answers, safety events) never waits behind telemetry. */
export type Lane = 'control' | 'telemetry';
export type OutboxItem = { readonly id: number; readonly topic: string; readonly payload: Uint8Array };

const bytesCounter = 'telemetry_bytes';

/**
 * What the cloud has not acknowledged yet, in order, on disk. Telemetry is bounded in bytes: past the bound the oldest
 * goes, and `put` says how many batches that cost.
 */
export class Outbox {
  readonly #state: StateFile;
  readonly #maxBytes: number;

  constructor(state: StateFile, maxBytes: number) {
    this.#state = state;
    this.#maxBytes = maxBytes;
    const row = state.db
      .prepare("SELECT COALESCE(SUM(LENGTH(payload)), 0) AS total FROM outbox WHERE lane = 'telemetry'")
      .get();
    state.setCounter(bytesCounter, typeof row?.total === 'number' ? row.total : 0);
  }

  put(lane: Lane, topic: string, payload: Uint8Array): { readonly dropped: number } {
    return this.#state.transact(() => {
      this.#state.db
        .prepare('INSERT INTO outbox (lane, topic, payload) VALUES (?, ?, ?)')
        .run(lane, topic, payload);
      if (lane !== 'telemetry') return { dropped: 0 };
      this.#count(payload.length);
      let dropped = 0;
      while (this.telemetryBytes > this.#maxBytes && this.#dropOldest()) dropped++;
      return { dropped };
    });
  }

  /** The oldest items of a lane after `afterId`. */
  next(lane: Lane, afterId: number, count: number): OutboxItem[] {
    const rows = this.#state.db
      .prepare('SELECT id, topic, payload FROM outbox WHERE lane = ? AND id > ? ORDER BY id LIMIT ?')
      .all(lane, afterId, count);
    return rows.flatMap(({ id, topic, payload }) =>
      typeof id === 'number' && typeof topic === 'string' && payload instanceof Uint8Array
        ? [{ id, topic, payload }]
        : [],
    );
  }

  /** Forgets items that the cloud has. Those that were dropped meanwhile count once. */
  acknowledge(ids: readonly number[]) {
    this.#state.transact(() => {
      for (const id of ids) this.#remove(id);
    });
  }

  count(lane: Lane): number {
    const row = this.#state.db.prepare('SELECT COUNT(*) AS total FROM outbox WHERE lane = ?').get(lane);
    return typeof row?.total === 'number' ? row.total : 0;
  }

  get telemetryBytes() {
    return this.#state.counter(bytesCounter);
  }

  /** Kept in the file, so that it goes back with a transaction that does. */
  #count(bytes: number) {
    this.#state.setCounter(bytesCounter, this.telemetryBytes + bytes);
  }

  #dropOldest(): boolean {
    const row = this.#state.db
      .prepare("SELECT id FROM outbox WHERE lane = 'telemetry' ORDER BY id LIMIT 1")
      .get();
    return typeof row?.id === 'number' && this.#remove(row.id);
  }

  #remove(id: number): boolean {
    const row = this.#state.db
      .prepare('DELETE FROM outbox WHERE id = ? RETURNING lane, LENGTH(payload) AS bytes')
      .get(id);
    if (row?.lane === 'telemetry' && typeof row.bytes === 'number') this.#count(-row.bytes);
    return row !== undefined;
  }
}
