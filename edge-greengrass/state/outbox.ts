import type { StateFile } from './state-file.ts';

export type OutboxItem = { readonly id: number; readonly topic: string; readonly payload: Uint8Array };

/** Answers and safety events that the broker has not acknowledged yet, in order, on disk. They never wait behind telemetry. */
export class Outbox {
  readonly #state: StateFile;

  constructor(state: StateFile) {
    this.#state = state;
  }

  put(topic: string, payload: Uint8Array) {
    this.#state.sql('INSERT INTO outbox (topic, payload) VALUES (?, ?)').run(topic, payload);
  }

  /** The oldest. */
  next(count: number): OutboxItem[] {
    const rows = this.#state.sql('SELECT id, topic, payload FROM outbox ORDER BY id LIMIT ?').all(count);
    return rows.flatMap(({ id, topic, payload }) =>
      typeof id === 'number' && typeof topic === 'string' && payload instanceof Uint8Array
        ? [{ id, topic, payload }]
        : [],
    );
  }

  /** Forgets items that the broker has. */
  acknowledge(ids: readonly number[]) {
    this.#state.transact(() => {
      for (const id of ids) this.#state.sql('DELETE FROM outbox WHERE id = ?').run(id);
    });
  }

  get count(): number {
    const row = this.#state.sql('SELECT COUNT(*) AS total FROM outbox').get();
    return typeof row?.total === 'number' ? row.total : 0;
  }
}
