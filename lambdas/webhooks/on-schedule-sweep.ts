import { SQSClient } from '@aws-sdk/client-sqs';
import type { ScheduledHandler } from 'aws-lambda';
import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { listDue, postponeSweep } from './delivery-repository.ts';
import { requestAttempt } from './request-attempt.ts';
import { sweep } from './sweep.ts';

const env = config({ WEBHOOKS_TABLE: z.string(), ATTEMPTS_QUEUE: z.string() });
const store = { db: documentClient(), webhooksTable: env.WEBHOOKS_TABLE };
const run = sweep({
  listDue: listDue(store),
  postpone: postponeSweep(store),
  requestAttempt: requestAttempt(new SQSClient({}), env.ATTEMPTS_QUEUE),
  clock: systemClock,
});

/** Each minute: asks for the attempts whose wait is over. */
export const handler: ScheduledHandler = async () => {
  await run();
};
