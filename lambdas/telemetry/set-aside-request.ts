import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { epochMs, gatewayId, siteId } from '../../contracts/identifiers.ts';
import type { Arrival } from './ingest-batch.ts';

/** What lies in the set-aside queue: a batch that cannot be used, and why. At most 128 KB of bytes: 175 KB as a message. */
export const setAsideRequest = z.strictObject({
  siteId,
  gatewayId,
  receivedAtMs: epochMs,
  tenantId: z.string().optional(),
  fault: z.string(),
  detail: z.string(),
  payload: z.base64(),
});

/** Hands a batch over to be set aside. Whoever sends it may send it again: it is set aside once. */
export const requestSetAside =
  (sqs: SQSClient, queueUrl: string) =>
  async ({ bytes, ...place }: Arrival, tenantId: string | undefined, fault: string, detail: string) => {
    const request: z.input<typeof setAsideRequest> = {
      ...place,
      ...(tenantId !== undefined && { tenantId }),
      fault,
      detail,
      payload: Buffer.from(bytes).toString('base64'),
    };
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(request) }));
  };
