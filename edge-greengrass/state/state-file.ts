import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

const schema = `
  CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS shard_member (miner_id TEXT PRIMARY KEY, shard INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, payload BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS shard_head (shard INTEGER PRIMARY KEY, sequence INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS batch (
    sequence INTEGER PRIMARY KEY, shard INTEGER NOT NULL, previous INTEGER NOT NULL, created_ms INTEGER NOT NULL,
    rows INTEGER NOT NULL, bytes INTEGER NOT NULL, stride INTEGER NOT NULL, folded INTEGER NOT NULL,
    waiting INTEGER NOT NULL, handed INTEGER NOT NULL, sends INTEGER NOT NULL, sent_ms INTEGER, due_ms INTEGER
  ) STRICT;
  CREATE INDEX IF NOT EXISTS batch_waiting ON batch (waiting, created_ms);
  CREATE INDEX IF NOT EXISTS batch_shard ON batch (shard, sequence);
  CREATE INDEX IF NOT EXISTS batch_due ON batch (due_ms) WHERE due_ms IS NOT NULL;
  CREATE INDEX IF NOT EXISTS batch_whole ON batch (stride, sequence) WHERE waiting = 1 AND handed = 0;
  CREATE TABLE IF NOT EXISTS batch_payload (sequence INTEGER PRIMARY KEY, payload BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS envelope (
    digest TEXT PRIMARY KEY, command_id TEXT NOT NULL, sequence INTEGER NOT NULL, nonce TEXT NOT NULL,
    consumed INTEGER NOT NULL, answer TEXT NOT NULL, at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS envelope_nonce ON envelope (nonce);
  CREATE TABLE IF NOT EXISTS shed (
    miner_id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, power_w REAL NOT NULL, hashrate_ths REAL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS command (
    command_id TEXT PRIMARY KEY, phase TEXT NOT NULL, envelope TEXT NOT NULL, snapshot TEXT,
    write_at_ms INTEGER, answer TEXT NOT NULL, at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS command_miner ON command (json_extract(envelope, '$.minerId'));
  CREATE TABLE IF NOT EXISTS halt (
    one INTEGER PRIMARY KEY CHECK (one = 1), halted TEXT NOT NULL, epoch INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS machine (miner_id TEXT PRIMARY KEY, sealed TEXT NOT NULL, seen_ms INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS password_change (
    miner_id TEXT PRIMARY KEY, phase TEXT NOT NULL, sealed TEXT NOT NULL, at_ms INTEGER NOT NULL
  ) STRICT;
`;

/**
 * The gateway's durable state: one SQLite file, readable by its owner alone, every transaction on the disk before it
 * counts (`synchronous = FULL`). `:memory:` keeps nothing.
 */
export class StateFile {
  readonly db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(directory: string | ':memory:') {
    if (directory === ':memory:') this.db = new DatabaseSync(':memory:');
    else {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const file = join(directory, 'gateway.db');
      this.db = new DatabaseSync(file);
      chmodSync(file, 0o600);
    }
    this.db.exec('PRAGMA auto_vacuum = INCREMENTAL;');
    this.db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;');
    this.db.exec(schema);
  }

  /** All of `work`, or none of it. Nested calls join the outer transaction. */
  transact<T>(work: () => T): T {
    if (this.db.isTransaction) return work();
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
  }

  /** A prepared statement, prepared once. */
  sql(text: string): StatementSync {
    const known = this.#statements.get(text) ?? this.db.prepare(text);
    this.#statements.set(text, known);
    return known;
  }

  counter(name: string): number {
    const row = this.sql('SELECT value FROM counter WHERE name = ?').get(name);
    return typeof row?.value === 'number' ? row.value : 0;
  }

  setCounter(name: string, value: number) {
    this.sql(
      'INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    ).run(name, value);
  }

  close() {
    this.db.close();
  }
}
