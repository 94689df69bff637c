import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { InvocationOutcome, StreamRecord, StreamSource } from '../ports.ts';

export type StreamMappingOptions = {
  readonly name: string;
  readonly streamArn: string;
  readonly functionArn: string;
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST';
  readonly batchSize: number;
  readonly gatherMs: number;
  readonly reportsFailures: boolean;
  readonly bisects: boolean;
  /** -1 means without end. */
  readonly maxRetries: number;
  /** -1 means without end. */
  readonly maxAgeSeconds: number;
  readonly onFailureQueueArn?: string;
  readonly streams: StreamSource;
  readonly sendToQueue: (queueArn: string, body: string) => Promise<void>;
  readonly invoke: (event: unknown) => Promise<InvocationOutcome>;
  readonly log: (line: string) => void;
};

const failures = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).nullish() })
  .nullish();
const maxBackoffMs = 10_000;

/** Reads a table's stream into a function in order; a failing batch is retried, halved, and at last put aside as configured. */
export const startStreamMapping = (options: StreamMappingOptions) => {
  const stopped = new AbortController();

  /** Resolves with the records that are left to do: none after success. */
  const attempt = async (records: readonly StreamRecord[]): Promise<readonly StreamRecord[]> => {
    const outcome = await options.invoke({ Records: records });
    if (!outcome.ok) return records;
    if (!options.reportsFailures) return [];
    const parsed = failures.safeParse(outcome.payload);
    if (!parsed.success) return records;
    const failed = (parsed.data?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
    if (failed.length === 0) return [];
    const places = failed.map((id) => records.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === id));
    // An identifier that is not in the batch fails the whole batch.
    return records.slice(Math.max(0, Math.min(...places)));
  };

  const process = async (all: readonly StreamRecord[]): Promise<void> => {
    let records = all;
    for (let retries = 0; ; retries++) {
      stopped.signal.throwIfAborted();
      const left = await attempt(records);
      if (left.length === 0) return;
      stopped.signal.throwIfAborted();
      if (left.length < records.length) {
        records = left;
        retries = -1;
        continue;
      }
      if (isExhausted(records, retries)) return giveUp(records, retries + 1);
      if (options.bisects && records.length > 1) {
        const middle = Math.ceil(records.length / 2);
        await process(records.slice(0, middle));
        return process(records.slice(middle));
      }
      await pause(Math.min(maxBackoffMs, 100 * 2 ** Math.min(retries, 10)), stopped.signal);
    }
  };

  const isExhausted = (records: readonly StreamRecord[], retries: number) => {
    if (options.maxRetries >= 0 && retries >= options.maxRetries) return true;
    const oldest = records[0]?.dynamodb.ApproximateCreationDateTime ?? 0;
    return options.maxAgeSeconds >= 0 && Date.now() / 1000 - oldest > options.maxAgeSeconds;
  };

  const giveUp = async (records: readonly StreamRecord[], attempts: number) => {
    options.log(
      `${options.name}: ${records.length} stream records failed ${attempts} times and are put aside`,
    );
    if (!options.onFailureQueueArn) return;
    const at = (index: number) => records.at(index)?.dynamodb;
    const body = {
      requestContext: {
        requestId: randomUUID(),
        functionArn: options.functionArn,
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: attempts,
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: new Date().toISOString(),
      DDBStreamBatchInfo: {
        shardId: 'shardId-00000000000000000000-local',
        startSequenceNumber: at(0)?.SequenceNumber,
        endSequenceNumber: at(-1)?.SequenceNumber,
        approximateArrivalOfFirstRecord: toTime(at(0)?.ApproximateCreationDateTime),
        approximateArrivalOfLastRecord: toTime(at(-1)?.ApproximateCreationDateTime),
        batchSize: records.length,
        streamArn: options.streamArn,
      },
    };
    await options.sendToQueue(options.onFailureQueueArn, JSON.stringify(body));
  };

  const subscription = options.streams.subscribe(options.streamArn, {
    name: options.name,
    startingPosition: options.startingPosition,
    maxRecords: options.batchSize,
    gatherMs: options.gatherMs,
    deliver: process,
  });
  return {
    close: async () => {
      stopped.abort(new Error('The runtime is stopping'));
      await subscription.close();
    },
  };
};

const toTime = (seconds: number | undefined) => new Date((seconds ?? 0) * 1000).toISOString();

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
