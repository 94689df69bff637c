import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { epochMs, gatewayId, siteId } from '../../contracts/identifiers.ts';
import type { Shard } from './telemetry-keys.ts';

/** What lies in the roll-up queue: the windows of a shard whose aggregates are due. */
export const rollUpRequest = z.strictObject({
  siteId,
  gatewayId,
  shard: z.int().nonnegative(),
  windows: z.array(epochMs).min(1),
  final: z.boolean().optional(),
});

export const requestRollUp =
  (sqs: SQSClient, queueUrl: string) =>
  async ({ siteId: site, gatewayId: gateway, shard }: Shard, windows: readonly number[], final = false) => {
    const request: z.input<typeof rollUpRequest> = {
      siteId: site,
      gatewayId: gateway,
      shard,
      windows: [...windows],
      ...(final && { final }),
    };
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(request) }));
  };
