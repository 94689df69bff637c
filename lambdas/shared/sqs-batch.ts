import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSEvent, SQSHandler, SQSRecord } from 'aws-lambda';
import { logger } from './logger.ts';

/**
 * A queue's handler: each record by itself, in parallel, with partial batch failures, so that one bad record goes back
 * to the queue (and after its last try to the dead-letter queue) while the others are done.
 */
export const sqsHandler = (handleRecord: (record: SQSRecord) => Promise<void>): SQSHandler => {
  const processor = new BatchProcessor(EventType.SQS);
  const handle = async (record: SQSRecord) => {
    try {
      await handleRecord(record);
    } catch (error) {
      logger.error('record failed', {
        messageId: record.messageId,
        reason: error instanceof Error ? error.message : String(error),
      });
      throw error;
    }
  };
  return async (event: SQSEvent, context: Context) =>
    processPartialResponse(event, handle, processor, { context, throwOnFullBatchFailure: false });
};
