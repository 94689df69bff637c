import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { readEvents, seqAt } from '../audit/events-in-order.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { insertDelivery, restartDelivery } from './delivery-repository.ts';
import { readEndpoint } from './endpoint-repository.ts';
import { replayPage } from './replay-events.ts';
import { advanceReplay, readReplay } from './replay-repository.ts';
import { requestAttempt } from './request-attempt.ts';

const env = config({
  WEBHOOKS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  ATTEMPTS_QUEUE: z.string(),
  REPLAYS_QUEUE: z.string(),
});
const store = { db: documentClient(), webhooksTable: env.WEBHOOKS_TABLE, auditTable: env.AUDIT_TABLE };
const sqs = new SQSClient({});
const replayRef = z.strictObject({ siteId: z.int(), webhookId: z.string(), replayId: z.string() });
const page = replayPage({
  pageSize: 200,
  readEndpoint: readEndpoint(store),
  readReplay: readReplay(store),
  advance: advanceReplay(store),
  seqAt: seqAt(store),
  readEvents: readEvents(store),
  insert: insertDelivery(store),
  restart: restartDelivery(store),
  requestAttempt: requestAttempt(sqs, env.ATTEMPTS_QUEUE),
  requestPage: async (ref) => {
    await sqs.send(new SendMessageCommand({ QueueUrl: env.REPLAYS_QUEUE, MessageBody: JSON.stringify(ref) }));
  },
  clock: systemClock,
});

/** Takes replays on, page by page. */
export const handler = sqsHandler(async ({ body }) => {
  await page(replayRef.parse(JSON.parse(body)));
});
