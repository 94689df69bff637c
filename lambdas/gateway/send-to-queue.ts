import { randomUUID } from 'node:crypto';
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';

const mostAtOnce = 10;

/** Sends messages in batches of ten. Throws Error where one of them was not taken: the caller may send all of them again. */
export const sendToQueue =
  (sqs: SQSClient, QueueUrl: string) =>
  async (bodies: readonly string[]): Promise<void> => {
    for (let at = 0; at < bodies.length; at += mostAtOnce) {
      const Entries = bodies
        .slice(at, at + mostAtOnce)
        .map((MessageBody) => ({ Id: randomUUID(), MessageBody }));
      const { Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      if (Failed.length > 0) throw new Error(`The queue did not take ${Failed.length} messages`);
    }
  };
