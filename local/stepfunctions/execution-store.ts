import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { json, parseJson } from './json.ts';

const failure = z.object({ error: z.string(), cause: z.string() });
const taskProgress = z.object({
  token: z.string().optional(),
  /** Whether the work was handed over, so that only the token is still awaited. */
  dispatched: z.boolean(),
  timeoutAtMs: z.number().optional(),
  heartbeatMs: z.number().optional(),
  heartbeatAtMs: z.number().optional(),
});
export type TaskProgress = z.infer<typeof taskProgress>;

/** Where one scope (the execution, a branch, an iteration) stands. Written before anything that must survive a crash. */
const frame = z.object({
  state: z.string(),
  input: json,
  variables: z.record(z.string(), json),
  enteredAtMs: z.number(),
  retryCounts: z.array(z.number()),
  wakeAtMs: z.number().optional(),
  retryAtMs: z.number().optional(),
  task: taskProgress.optional(),
  done: z.union([z.object({ output: json }), z.object({ failure })]).optional(),
});
export type Frame = z.infer<typeof frame>;

export const statuses = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const;
const executionRow = z.object({
  arn: z.string(),
  machine_arn: z.string(),
  name: z.string(),
  status: z.enum(statuses),
  input: z.string(),
  output: z.string().nullable(),
  error: z.string().nullable(),
  cause: z.string().nullable(),
  started_ms: z.number(),
  stopped_ms: z.number().nullable(),
  definition: z.string(),
});
export type ExecutionRow = z.infer<typeof executionRow>;

const tokenOutcome = z.union([z.object({ output: json }), z.object({ failure })]);
export type TokenOutcome = z.infer<typeof tokenOutcome>;
const tokenRow = z.object({
  execution: z.string(),
  path: z.string(),
  open: z.number(),
  outcome: z.string().nullable(),
});

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS definitions (hash TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS executions (
    arn TEXT PRIMARY KEY, machine_arn TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, input TEXT NOT NULL,
    output TEXT, error TEXT, cause TEXT, started_ms INTEGER NOT NULL, stopped_ms INTEGER, definition TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS executions_of_machine ON executions (machine_arn, started_ms);
  CREATE INDEX IF NOT EXISTS executions_running ON executions (status) WHERE status = 'RUNNING';
  CREATE TABLE IF NOT EXISTS frames (execution TEXT, path TEXT, body TEXT NOT NULL, PRIMARY KEY (execution, path)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, execution TEXT NOT NULL, path TEXT NOT NULL, open INTEGER NOT NULL, outcome TEXT) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS tokens_of_execution ON tokens (execution);
  CREATE TABLE IF NOT EXISTS events (execution TEXT, id INTEGER, body TEXT NOT NULL, PRIMARY KEY (execution, id)) STRICT, WITHOUT ROWID;
`;

/**
 * Everything durable of Step Functions, in one SQLite file that only its owner may read (task tokens lie in it). Each
 * write is complete when it returns: it survives a kill of the process.
 */
export const openExecutionStore = (file: string) => {
  if (!existsSync(file)) writeFileSync(file, '', { mode: 0o600 });
  chmodSync(file, 0o600);
  const db = new DatabaseSync(file);
  db.exec(schema);
  const sql = {
    putDefinition: db.prepare('INSERT OR IGNORE INTO definitions VALUES (?, ?)'),
    definition: db.prepare('SELECT text FROM definitions WHERE hash = ?'),
    insert: db.prepare(
      "INSERT INTO executions VALUES (:arn, :machineArn, :name, 'RUNNING', :input, NULL, NULL, NULL, :startedMs, NULL, :definition)",
    ),
    byArn: db.prepare('SELECT * FROM executions WHERE arn = ?'),
    running: db.prepare("SELECT * FROM executions WHERE status = 'RUNNING' ORDER BY started_ms, arn"),
    list: db.prepare(
      'SELECT * FROM executions WHERE machine_arn = :machineArn AND (:status IS NULL OR status = :status) ORDER BY started_ms DESC, rowid DESC LIMIT :limit OFFSET :offset',
    ),
    settle: db.prepare(
      'UPDATE executions SET status = :status, output = :output, error = :error, cause = :cause, stopped_ms = :stoppedMs WHERE arn = :arn',
    ),
    putFrame: db.prepare('INSERT OR REPLACE INTO frames VALUES (?, ?, ?)'),
    frame: db.prepare('SELECT body FROM frames WHERE execution = ? AND path = ?'),
    dropFrames: db.prepare(
      'DELETE FROM frames WHERE execution = :execution AND path >= :low AND path < :high',
    ),
    dropAll: db.prepare('DELETE FROM frames WHERE execution = ?'),
    openToken: db.prepare('INSERT INTO tokens VALUES (?, ?, ?, 1, NULL)'),
    token: db.prepare('SELECT execution, path, open, outcome FROM tokens WHERE token = ?'),
    settleToken: db.prepare('UPDATE tokens SET open = 0, outcome = ? WHERE token = ? AND open = 1'),
    closeTokens: db.prepare('UPDATE tokens SET open = 0 WHERE execution = ?'),
    putEvent: db.prepare('INSERT INTO events VALUES (?, ?, ?)'),
    lastEvent: db.prepare('SELECT max(id) AS id FROM events WHERE execution = ?'),
    events: db.prepare('SELECT id, body FROM events WHERE execution = ? ORDER BY id'),
  };
  const row = (value: unknown) => (value === undefined ? undefined : executionRow.parse(value));
  const rows = (values: unknown[]) => values.map((value) => executionRow.parse(value));
  const text = z.object({ text: z.string() });
  const body = z.object({ body: z.string() });
  const event = z.object({ id: z.number(), body: z.string() });

  return {
    transaction: (work: () => void) => {
      db.exec('BEGIN IMMEDIATE');
      try {
        work();
        db.exec('COMMIT');
      } catch (error) {
        db.exec('ROLLBACK');
        throw error;
      }
    },
    putDefinition: (hash: string, definition: string) => void sql.putDefinition.run(hash, definition),
    definition: (hash: string) => text.parse(sql.definition.get(hash)).text,
    insert: (one: {
      arn: string;
      machineArn: string;
      name: string;
      input: string;
      startedMs: number;
      definition: string;
    }) => void sql.insert.run(one),
    byArn: (arn: string) => row(sql.byArn.get(arn)),
    running: () => rows(sql.running.all()),
    list: (machineArn: string, status: string | null, limit: number, offset: number) =>
      rows(sql.list.all({ machineArn, status, limit, offset })),
    settle: (one: {
      arn: string;
      status: (typeof statuses)[number];
      output: string | null;
      error: string | null;
      cause: string | null;
      stoppedMs: number;
    }) => {
      sql.settle.run(one);
      sql.dropAll.run(one.arn);
      sql.closeTokens.run(one.arn);
    },
    putFrame: (execution: string, path: string, value: Frame) =>
      void sql.putFrame.run(execution, path, JSON.stringify(value)),
    frame: (execution: string, path: string): Frame | undefined => {
      const found = sql.frame.get(execution, path);
      return found === undefined ? undefined : frame.parse(JSON.parse(body.parse(found).body));
    },
    /** Forgets the frames of a state's branches or iterations: those whose path continues `prefix`. */
    dropFramesBelow: (execution: string, prefix: string) =>
      void sql.dropFrames.run({ execution, low: `${prefix}/`, high: `${prefix}0` }),
    openToken: (token: string, execution: string, path: string) =>
      void sql.openToken.run(token, execution, path),
    token: (token: string) => {
      const found = sql.token.get(token);
      if (found === undefined) return undefined;
      const { outcome, ...rest } = tokenRow.parse(found);
      return {
        ...rest,
        open: rest.open === 1,
        outcome: outcome === null ? undefined : tokenOutcome.parse(parseJson(outcome)),
      };
    },
    /** The first outcome wins; false when the token was closed already. */
    settleToken: (token: string, outcome: TokenOutcome | null): boolean =>
      Number(sql.settleToken.run(outcome === null ? null : JSON.stringify(outcome), token).changes) === 1,
    putEvent: (execution: string, id: number, value: unknown) =>
      void sql.putEvent.run(execution, id, JSON.stringify(value)),
    lastEventId: (execution: string) =>
      z.object({ id: z.number().nullable() }).parse(sql.lastEvent.get(execution)).id ?? 0,
    events: (execution: string) =>
      sql.events.all(execution).map((one) => {
        const parsed = event.parse(one);
        return { id: parsed.id, body: parseJson(parsed.body) };
      }),
    close: () => db.close(),
  };
};
export type ExecutionStore = ReturnType<typeof openExecutionStore>;
