import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DeliveryRef } from './delivery-repository.ts';

/** Asks for an attempt of a delivery after so long, at most a quarter of an hour. It may be asked for twice. */
export const requestAttempt =
  (sqs: SQSClient, queueUrl: string) =>
  async (ref: DeliveryRef, delayMs: number): Promise<void> => {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify(ref),
        ...(delayMs > 0 && { DelaySeconds: Math.min(900, Math.ceil(delayMs / 1000)) }),
      }),
    );
  };
