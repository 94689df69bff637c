import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { readSite } from '../fleet/fleet-directory.ts';
import { parseDomainEvent } from '../shared/bus-message.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsGroupHandler } from '../shared/sqs-group.ts';
import { advanceBatch } from './advance-batch.ts';
import { amendBatch, makeCommands, readBatch, readTargets } from './batch-repository.ts';
import { readCommands } from './command-repository.ts';
import { isHaltedAt } from './halt-repository.ts';
import { moveAll } from './move-commands.ts';
import { readPolicy } from './policy-repository.ts';

const env = config({
  CONTROL_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  FLEET_TABLE: z.string(),
  BATCH_QUEUE: z.string(),
});
const db = documentClient();
const store = { db, controlTable: env.CONTROL_TABLE, auditTable: env.AUDIT_TABLE };
const sqs = new SQSClient({});

const advance = advanceBatch({
  readSite: readSite({ db, fleetTable: env.FLEET_TABLE }),
  readPolicy: readPolicy(store),
  readBatch: readBatch(store),
  readTargets: readTargets(store),
  readCommands: readCommands(store),
  makeCommands: makeCommands(store),
  amendBatch: amendBatch(store),
  moveAll: moveAll(store),
  isHalted: isHaltedAt(store),
  clock: systemClock,
});

/** A message of its own kind, for what is left to do and for the minute's look. */
const due = z.strictObject({ siteId: z.int().positive(), batchId: z.string() });

const parse = (body: string) => {
  const own = due.safeParse(JSON.parse(body));
  if (own.success) return own.data;
  const { event, payload } = parseDomainEvent(
    body,
    'control.batch.approved',
    'control.batch.resumed',
    'control.batch.cancelled',
    'control.batch.stopped',
    'control.command.dispatched',
    'control.command.completed',
    'control.command.failed',
    'control.command.unknown',
    'control.command.expired',
    'control.command.cancelled',
  );
  return { siteId: event.site_id, batchId: payload.batch_id };
};

const marginMs = 5_000;

/** Goes on with batches after an approval, the sending or the end of a command, or what an earlier call left to do; each batch once a call. */
export const handler = (event: SQSEvent, context: Context) =>
  sqsGroupHandler({
    parse: ({ body }) => parse(body),
    groupBy: ({ siteId, batchId }) => `${siteId}/${batchId}`,
    handle: async (group) => {
      const [{ siteId, batchId } = { siteId: 0, batchId: undefined }] = group;
      if (batchId === undefined) return [];
      const mayGoOn = () => context.getRemainingTimeInMillis() > marginMs;
      if ((await advance(siteId, batchId, mayGoOn)) === 'more')
        await sqs.send(
          new SendMessageCommand({
            QueueUrl: env.BATCH_QUEUE,
            MessageBody: JSON.stringify({ siteId, batchId }),
          }),
        );
      return [];
    },
  })(event);
