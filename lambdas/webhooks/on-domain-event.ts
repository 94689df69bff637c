import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { domainEvent } from '../../contracts/domain-event.ts';
import { parseBusEvent } from '../shared/bus-message.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { insertDelivery } from './delivery-repository.ts';
import { listEndpoints } from './endpoint-repository.ts';
import { fanOut } from './fan-out.ts';
import { requestAttempt } from './request-attempt.ts';

const env = config({ WEBHOOKS_TABLE: z.string(), ATTEMPTS_QUEUE: z.string() });
const store = { db: documentClient(), webhooksTable: env.WEBHOOKS_TABLE };
const spread = fanOut({
  listEndpoints: listEndpoints(store),
  insert: insertDelivery(store),
  requestAttempt: requestAttempt(new SQSClient({}), env.ATTEMPTS_QUEUE),
  clock: systemClock,
});

const replayed = z.looseObject({ 'replay-name': z.string() });

/**
 * Every domain event of the bus: one delivery for each endpoint that asked for it. What an archive sends again is for others:
 * webhooks have replays of their own, each for one endpoint.
 */
export const handler = sqsHandler(async ({ body }) => {
  if (replayed.safeParse(JSON.parse(body)).success) return;
  await spread(domainEvent.parse(parseBusEvent(body).detail));
});
