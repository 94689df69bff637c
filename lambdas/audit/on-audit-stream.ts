import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import * as z from 'zod';
import { config } from '../shared/config.ts';
import { logger } from '../shared/logger.ts';
import { taggedItem } from './attribute-value.ts';
import { publishStream } from './publish-stream.ts';

const { EVENT_BUS } = config({ EVENT_BUS: z.string() });
const eventBridge = new EventBridgeClient({});

const publish = publishStream(async (entries) => {
  const { Entries } = await eventBridge.send(
    new PutEventsCommand({ Entries: entries.map((entry) => ({ ...entry, EventBusName: EVENT_BUS })) }),
  );
  const taken = (Entries ?? []).map(({ ErrorCode }) => ErrorCode === undefined);
  const refused = Entries?.find(({ ErrorCode }) => ErrorCode !== undefined);
  if (refused) logger.warn('the bus refused events', { code: refused.ErrorCode, of: entries.length });
  return taken;
});

/** The audit table's stream: the item of an insert, as the use case reads it. */
const toChange = ({ eventName, dynamodb }: DynamoDBRecord) => ({
  sequenceNumber: dynamodb?.SequenceNumber ?? '',
  inserted: eventName === 'INSERT' ? (taggedItem.safeParse(dynamodb?.NewImage).data ?? {}) : undefined,
});

/** Announces every committed event on the bus. What fails is retried from the first event that failed. */
export const handler = async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  const failed = await publish(Records.map(toChange));
  return { batchItemFailures: failed ? [{ itemIdentifier: failed.sequenceNumber }] : [] };
};
