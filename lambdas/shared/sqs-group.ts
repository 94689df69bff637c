import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { logger } from './logger.ts';

type Group<T> = {
  readonly parse: (record: SQSRecord) => T;
  /** Messages of one key are handled together. */
  readonly groupBy: (message: T) => string;
  /** Handles a group; answers with what went wrong, at the place of the message that it concerns. Throwing fails them all. */
  readonly handle: (group: readonly T[]) => Promise<readonly (Error | undefined)[]>;
};

/**
 * A queue's handler that does messages of one kind together, as one transaction is cheaper than many. A message that cannot be
 * read, or that failed, goes back to the queue (and after its last try to the dead-letter queue) by itself.
 */
export const sqsGroupHandler =
  <T>({ parse, groupBy, handle }: Group<T>) =>
  async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
    const failed: string[] = [];
    const fail = (messageId: string, error: unknown) => {
      logger.error('record failed', {
        messageId,
        reason: error instanceof Error ? error.message : String(error),
      });
      failed.push(messageId);
    };
    const read = Records.flatMap((record) => {
      try {
        return [{ messageId: record.messageId, message: parse(record) }];
      } catch (error) {
        fail(record.messageId, error);
        return [];
      }
    });
    const groups = Map.groupBy(read, ({ message }) => groupBy(message));
    await Promise.all(
      [...groups.values()].map(async (group) => {
        try {
          const faults = await handle(group.map(({ message }) => message));
          for (const [at, { messageId }] of group.entries()) if (faults[at]) fail(messageId, faults[at]);
        } catch (error) {
          for (const { messageId } of group) fail(messageId, error);
        }
      }),
    );
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
