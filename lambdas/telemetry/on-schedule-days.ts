import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { ScheduledHandler } from 'aws-lambda';
import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { s3BlockStore } from './block-store.ts';
import { findDue } from './find-due.ts';
import { reportingSites } from './live-repository.ts';
import { requestGroups, requestShard } from './roll-up-request.ts';

const env = config({ TELEMETRY_TABLE: z.string(), TELEMETRY_BUCKET: z.string(), ROLL_UP_QUEUE: z.string() });
const store = {
  db: documentClient(),
  telemetryTable: env.TELEMETRY_TABLE,
  blocks: s3BlockStore(new S3Client({}), env.TELEMETRY_BUCKET),
  clock: systemClock,
};
const sqs = new SQSClient({});

/**
 * Each quarter of an hour, so soon after every site's midnight: asks for the roll-up of hours, days and ten days that are over, and of batches whose
 * request was lost.
 */
export const handler: ScheduledHandler = async () => {
  for (const siteId of await reportingSites(store)()) {
    const { shards, groups } = await findDue(store)(siteId);
    for (const shard of shards) await requestShard(sqs, env.ROLL_UP_QUEUE)(shard, true);
    if (groups) await requestGroups(sqs, env.ROLL_UP_QUEUE)(siteId);
  }
};
