import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import type { InvocationOutcome } from '../ports.ts';

/** What a template says about a function's `Event` invocations. Destinations are queue ARNs. */
export type AsyncSettings = {
  readonly maxRetries: number;
  readonly onFailureQueueArn?: string;
  readonly onSuccessQueueArn?: string;
  /** The older way: the event itself goes to this queue. */
  readonly deadLetterQueueArn?: string;
};

const storedEvent = z.object({ id: z.string(), name: z.string(), event: z.string(), attempt: z.int() });
type Pending = { readonly id: string; readonly name: string; readonly event: unknown; attempt: number };

export type AsyncOptions = {
  readonly directory: string;
  /** Waits before the first and the second retry. In the cloud one and two minutes. */
  readonly retryDelaysMs: readonly number[];
  readonly settingsOf: (functionName: string) => AsyncSettings;
  readonly arnOf: (functionName: string) => string;
  readonly invoke: (functionName: string, event: unknown, requestId: string) => Promise<InvocationOutcome>;
  readonly sendToQueue: (queueArn: string, body: string) => Promise<void>;
  readonly log: (line: string) => void;
};

/**
 * Lambda's queue of asynchronous events: run at once, then the retries, then the destination. An accepted event is on
 * disk until it is through, so that what is open when the process ends is taken up at the next start.
 */
export const openAsyncInvocations = (options: AsyncOptions) => {
  const database = new DatabaseSync(join(options.directory, 'async-events.sqlite'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  database.exec(
    'CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, name TEXT NOT NULL, event TEXT NOT NULL, attempt INTEGER NOT NULL)',
  );
  const insert = database.prepare('INSERT INTO events (id, name, event, attempt) VALUES (?, ?, ?, 0)');
  const count = database.prepare('UPDATE events SET attempt = ? WHERE id = ?');
  const forget = database.prepare('DELETE FROM events WHERE id = ?');
  const timers = new Set<NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  let closed = false;

  const run = (pending: Pending): void => {
    const done: Promise<void> = attempt(pending)
      .catch((error: unknown) =>
        options.log(`${pending.name}: ${error instanceof Error ? error.message : String(error)}`),
      )
      .finally(() => running.delete(done));
    running.add(done);
  };

  const attempt = async (pending: Pending): Promise<void> => {
    const settings = options.settingsOf(pending.name);
    const outcome = await options.invoke(pending.name, pending.event, pending.id);
    if (!outcome.ok && closed) return;
    if (!outcome.ok && pending.attempt < settings.maxRetries) return again(pending);
    const target = outcome.ok ? settings.onSuccessQueueArn : settings.onFailureQueueArn;
    if (target) await options.sendToQueue(target, JSON.stringify(report(pending, outcome)));
    if (!outcome.ok && settings.deadLetterQueueArn)
      await options.sendToQueue(settings.deadLetterQueueArn, JSON.stringify(pending.event));
    if (!outcome.ok && !target && !settings.deadLetterQueueArn)
      options.log(`${pending.name}: an event was dropped after ${pending.attempt + 1} attempts`);
    forget.run(pending.id);
  };

  const again = (pending: Pending) => {
    pending.attempt += 1;
    count.run(pending.attempt, pending.id);
    const delays = options.retryDelaysMs;
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        run(pending);
      },
      delays[pending.attempt - 1] ?? delays.at(-1) ?? 0,
    );
    timers.add(timer);
  };

  const report = ({ name, id, event, attempt: retries }: Pending, outcome: InvocationOutcome) => ({
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId: id,
      functionArn: `${options.arnOf(name)}:$LATEST`,
      condition: outcome.ok ? 'Success' : 'RetriesExhausted',
      approximateInvokeCount: retries + 1,
    },
    requestPayload: event,
    responseContext: {
      statusCode: 200,
      executedVersion: '$LATEST',
      ...(!outcome.ok && { functionError: 'Unhandled' }),
    },
    responsePayload: outcome.ok
      ? outcome.payload
      : { errorType: outcome.errorType, errorMessage: outcome.errorMessage },
  });

  return {
    accept: (name: string, event: unknown, id: string) => {
      insert.run(id, name, JSON.stringify(event ?? {}));
      run({ id, name, event, attempt: 0 });
    },
    /** Takes up what the last run left open. */
    resume: () => {
      for (const row of database.prepare('SELECT id, name, event, attempt FROM events').all()) {
        const { event, ...rest } = storedEvent.parse(row);
        run({ ...rest, event: JSON.parse(event) });
      }
    },
    /** No retry begins any more; what fails from now on stays for the next start. */
    stop: () => {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
    },
    /** After the functions have stopped. */
    close: async () => {
      await Promise.all(running);
      database.close();
    },
  };
};
