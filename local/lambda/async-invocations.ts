import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
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

const pendingEvents = z.array(
  z.object({ functionName: z.string(), requestId: z.string(), event: z.unknown(), attempt: z.int() }),
);
type Pending = z.infer<typeof pendingEvents>[number];

export type AsyncOptions = {
  readonly file: string;
  /** Waits before the first and the second retry. In the cloud one and two minutes. */
  readonly retryDelaysMs: readonly number[];
  readonly settingsOf: (functionName: string) => AsyncSettings;
  readonly arnOf: (functionName: string) => string;
  readonly invoke: (functionName: string, event: unknown, requestId: string) => Promise<InvocationOutcome>;
  readonly sendToQueue: (queueArn: string, body: string) => Promise<void>;
  readonly log: (line: string) => void;
};

/** Lambda's queue of asynchronous events: at once, then the retries, then the destination. What is open at the end is taken up again at the next start. */
export const createAsyncInvocations = (options: AsyncOptions) => {
  const open = new Set<Pending>();
  const timers = new Set<NodeJS.Timeout>();
  let closed = false;

  const run = async (pending: Pending): Promise<void> => {
    const { functionName, event, requestId } = pending;
    const settings = options.settingsOf(functionName);
    const outcome = await options.invoke(functionName, event, requestId);
    if (closed && !outcome.ok) return;
    if (!outcome.ok && pending.attempt < settings.maxRetries) {
      pending.attempt += 1;
      const delay = options.retryDelaysMs[pending.attempt - 1] ?? options.retryDelaysMs.at(-1) ?? 0;
      const timer = setTimeout(() => {
        timers.delete(timer);
        void run(pending);
      }, delay);
      timers.add(timer);
      return;
    }
    open.delete(pending);
    const target = outcome.ok ? settings.onSuccessQueueArn : settings.onFailureQueueArn;
    if (target) await deliver(target, JSON.stringify(report(pending, outcome)));
    if (!outcome.ok && settings.deadLetterQueueArn)
      await deliver(settings.deadLetterQueueArn, JSON.stringify(event));
    if (!outcome.ok && !target && !settings.deadLetterQueueArn)
      options.log(`${functionName}: an event was dropped after ${pending.attempt + 1} attempts`);
  };

  const deliver = (queueArn: string, body: string) =>
    options
      .sendToQueue(queueArn, body)
      .catch((error: unknown) =>
        options.log(`destination: ${error instanceof Error ? error.message : String(error)}`),
      );

  const report = ({ functionName, requestId, event, attempt }: Pending, outcome: InvocationOutcome) => ({
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId,
      functionArn: `${options.arnOf(functionName)}:$LATEST`,
      condition: outcome.ok ? 'Success' : 'RetriesExhausted',
      approximateInvokeCount: attempt + 1,
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
    accept: (functionName: string, event: unknown, requestId: string) => {
      const pending: Pending = { functionName, requestId, event, attempt: 0 };
      open.add(pending);
      void run(pending);
    },
    /** Takes up what the last run left open. */
    resume: () => {
      if (!existsSync(options.file)) return;
      const left = pendingEvents.parse(JSON.parse(readFileSync(options.file, 'utf8')));
      rmSync(options.file);
      for (const pending of left) {
        open.add(pending);
        void run(pending);
      }
    },
    /** Called after the functions have stopped. */
    close: () => {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
    },
    save: () => {
      if (open.size === 0) return;
      mkdirSync(dirname(options.file), { recursive: true });
      writeFileSync(options.file, JSON.stringify([...open]));
    },
  };
};
