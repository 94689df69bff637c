import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import * as z from 'zod';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { logger } from '../shared/logger.ts';
import { taggedItem } from './attribute-value.ts';
import { toLink } from './audit-repository.ts';
import { noteSite } from './checkpoint-repository.ts';
import { publishStream } from './publish-stream.ts';

const { EVENT_BUS, AUDIT_TABLE } = config({ EVENT_BUS: z.string(), AUDIT_TABLE: z.string() });
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

const note = noteSite({ db: documentClient(), auditTable: AUDIT_TABLE });
const noted = new Set<number>();

/** Makes sites known to the run that signs checkpoints. */
const noteSites = async (siteIds: readonly number[]) => {
  for (const siteId of new Set(siteIds))
    if (!noted.has(siteId)) {
      await note(siteId);
      noted.add(siteId);
    }
};

/** Announces every committed event on the bus. What fails is retried from the first event that failed. */
export const handler = async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  const changes = Records.map(toChange);
  await noteSites(changes.flatMap(({ inserted }) => toLink(inserted)?.event.site_id ?? []));
  const failed = await publish(changes);
  return { batchItemFailures: failed ? [{ itemIdentifier: failed.sequenceNumber }] : [] };
};
