import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { listOpenBatches } from './batch-repository.ts';

const env = config({ CONTROL_TABLE: z.string(), BATCH_QUEUE: z.string() });
const listOpen = listOpenBatches({ db: documentClient(), controlTable: env.CONTROL_TABLE });
const sqs = new SQSClient({});
const mostOpen = 200;
const perCall = 10;

/** Each minute: has every batch that is not at its end looked at, for what no event tells: expiries, windows, lifted switches. */
export const handler = async () => {
  const open = await listOpen(systemClock.nowMs(), mostOpen);
  for (let at = 0; at < open.length; at += perCall) {
    const { Failed } = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: env.BATCH_QUEUE,
        Entries: open.slice(at, at + perCall).map(({ siteId, batchId }, index) => ({
          Id: String(index),
          MessageBody: JSON.stringify({ siteId, batchId }),
        })),
      }),
    );
    if (Failed && Failed.length > 0) throw new Error(`The queue refused ${Failed.length} batches`);
  }
};
