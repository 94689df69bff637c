import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { gatewayId, siteId } from '../../contracts/identifiers.ts';
import type { Shard } from './telemetry-keys.ts';

const shard = { siteId, gatewayId, shard: z.int().nonnegative() };

/**
 * What lies in the roll-up queue: what there may be something to do for. What it is, the roll-up finds in the table, so that it matters neither
 * how often a request comes nor which. `shard`: batches that wait; `levels`: blocks that are to be merged; `groups`: a
 * site's sums.
 */
export const rollUpRequest = z.union([
  z.strictObject({ ...shard, levels: z.boolean().optional() }),
  z.strictObject({ siteId, groups: z.literal(true) }),
]);
type RollUpRequest = z.infer<typeof rollUpRequest>;

const send = async (sqs: SQSClient, queueUrl: string, request: RollUpRequest) => {
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(request) }));
};

/** Asks for the roll-up of a shard's batches that wait; with `levels` also of its blocks of spans that are over. */
export const requestShard =
  (sqs: SQSClient, queueUrl: string) =>
  ({ siteId: site, gatewayId: gateway, shard: number }: Shard, levels = false) =>
    send(sqs, queueUrl, {
      siteId: site,
      gatewayId: gateway,
      shard: number,
      ...(levels && { levels }),
    });

/** Asks for the roll-up of a site's sums. */
export const requestGroups = (sqs: SQSClient, queueUrl: string) => (site: number) =>
  send(sqs, queueUrl, { siteId: site, groups: true });
