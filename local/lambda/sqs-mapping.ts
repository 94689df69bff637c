import * as z from 'zod';
import type { InvocationOutcome } from '../ports.ts';
import type { QueueHub, ReceivedMessage } from '../sqs/queue-hub.ts';

export type SqsMappingOptions = {
  readonly queueArn: string;
  readonly region: string;
  readonly batchSize: number;
  readonly gatherMs: number;
  /** Batches in the function at once. */
  readonly maxConcurrency: number;
  readonly reportsFailures: boolean;
  readonly queues: QueueHub;
  readonly invoke: (event: unknown) => Promise<InvocationOutcome>;
  readonly log: (line: string) => void;
};

const maxEventBytes = 5.5 * 1024 * 1024;
const failures = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).nullish() })
  .nullish();

/**
 * Which messages are done. As Lambda has it: a failed or malformed answer fails the whole batch, no answer or an empty
 * list means that all succeeded, and an identifier that was not in the batch fails the whole batch.
 */
export const doneMessages = (
  batch: readonly ReceivedMessage[],
  outcome: InvocationOutcome,
  reportsFailures: boolean,
): readonly ReceivedMessage[] => {
  if (!outcome.ok) return [];
  if (!reportsFailures) return batch;
  const parsed = failures.safeParse(outcome.payload);
  if (!parsed.success) return [];
  const failed = new Set((parsed.data?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier));
  const known = new Set(batch.map(({ messageId }) => messageId));
  if ([...failed].some((id) => !known.has(id))) return [];
  return batch.filter(({ messageId }) => !failed.has(messageId));
};

/** Moves messages from a queue into a function at once as they come; what fails stays for the queue's own redrive. */
export const startSqsMapping = (options: SqsMappingOptions) => {
  const { queueArn, queues, batchSize, gatherMs, maxConcurrency } = options;
  let stopping = false;
  const running = new Set<Promise<void>>();

  const gather = async () => {
    const batch = [...(await queues.receive(queueArn, batchSize, 20_000))];
    const until = Date.now() + gatherMs;
    while (batch.length > 0 && batch.length < batchSize) {
      const more = await queues.receive(queueArn, batchSize - batch.length, Math.max(0, until - Date.now()));
      if (more.length === 0 && (stopping || Date.now() >= until)) break;
      batch.push(...more);
    }
    return batch;
  };

  const process = async (batch: readonly ReceivedMessage[]) => {
    const Records = batch.map((message) => ({
      ...message,
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion: options.region,
    }));
    const outcome = await options.invoke({ Records });
    for (const { receiptHandle } of doneMessages(batch, outcome, options.reportsFailures))
      queues.remove(queueArn, receiptHandle);
  };

  const loop = async () => {
    while (!stopping) {
      if (running.size >= maxConcurrency) await Promise.race(running);
      if (stopping) break;
      const batch = await gather();
      for (const part of bySize(batch)) {
        const done: Promise<void> = process(part)
          .catch((error: unknown) =>
            options.log(
              `${queueArn.split(':').at(-1)}: ${error instanceof Error ? error.message : String(error)}`,
            ),
          )
          .finally(() => running.delete(done));
        running.add(done);
      }
    }
    await Promise.all(running);
  };

  const ended = loop();
  return {
    /** Takes no more messages and waits for those that are being processed. */
    close: async () => {
      stopping = true;
      queues.wake(queueArn);
      await ended;
    },
  };
};

/** Lambda's event is at most 6 MB, and ten messages may be more. */
const bySize = (batch: readonly ReceivedMessage[]): ReceivedMessage[][] => {
  const parts: ReceivedMessage[][] = [];
  let size = 0;
  for (const message of batch) {
    const bytes = Buffer.byteLength(message.body) + 1_000;
    const last = parts.at(-1);
    if (last && size + bytes <= maxEventBytes) {
      last.push(message);
      size += bytes;
    } else {
      parts.push([message]);
      size = bytes;
    }
  }
  return parts;
};
