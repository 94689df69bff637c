import * as z from 'zod';
import { cfnBoolean, cfnNumber, noEffect, readProperties } from '../cloudformation/properties.ts';
import { countQueueRequest, meteredQueues } from '../metering/meter-queues.ts';
import type { LocalService, ResolvedResource, Surroundings } from '../ports.ts';
import type { FauxqsServer } from '../shared/fauxqs-server.ts';
import { physicalName } from '../shared/physical-name.ts';
import { createQueueHub, type QueueHub } from './queue-hub.ts';

const queueProperties = z.strictObject({
  QueueName: z.string().max(80).optional(),
  VisibilityTimeout: cfnNumber.optional(),
  DelaySeconds: cfnNumber.optional(),
  MaximumMessageSize: cfnNumber.optional(),
  MessageRetentionPeriod: cfnNumber.optional(),
  ReceiveMessageWaitTimeSeconds: cfnNumber.optional(),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: cfnNumber }).optional(),
  RedriveAllowPolicy: noEffect,
  FifoQueue: cfnBoolean.optional(),
  ContentBasedDeduplication: cfnBoolean.optional(),
  // Encryption at rest and names for bills: nobody sees them from inside.
  KmsMasterKeyId: noEffect,
  KmsDataKeyReusePeriodSeconds: noEffect,
  SqsManagedSseEnabled: noEffect,
  Tags: noEffect,
});

const plainAttributes = [
  'VisibilityTimeout',
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
] as const;

/** SQS by fauxqs: the SDK over HTTP, and `queues` for the other local services in process. Messages survive restarts. */
export const startSqs = async (
  { region, accountId, meter }: Pick<Surroundings, 'region' | 'accountId' | 'meter'>,
  server: FauxqsServer,
): Promise<LocalService & { readonly endpoint: string; readonly queues: QueueHub }> => {
  const createQueue = (resource: ResolvedResource) => {
    const properties = readProperties(resource, queueProperties);
    const fifo = properties.FifoQueue === true;
    const name =
      properties.QueueName ?? (fifo ? `${physicalName(resource, 75)}.fifo` : physicalName(resource, 80));
    const arn = `arn:aws:sqs:${region}:${accountId}:${name}`;
    const url = `${server.endpoint}/${accountId}/${name}`;
    const attributes: Record<string, string> = {};
    for (const key of plainAttributes)
      if (properties[key] !== undefined) attributes[key] = String(properties[key]);
    if (properties.RedrivePolicy) attributes.RedrivePolicy = JSON.stringify(properties.RedrivePolicy);
    if (fifo) attributes.FifoQueue = 'true';
    if (properties.ContentBasedDeduplication) attributes.ContentBasedDeduplication = 'true';
    const existing = server.queues.getQueueByArn(arn);
    if (existing) existing.setAttributes(attributes);
    else server.queues.createQueue(name, url, arn, attributes);
    return { ref: url, attributes: { Arn: arn, QueueName: name, QueueUrl: url } };
  };
  const queues = createQueueHub(server.queues);
  if (meter) server.onRequest((bytesIn, bytesOut) => countQueueRequest(meter, bytesIn, bytesOut));
  return {
    endpoint: server.endpoint,
    queues: meter ? meteredQueues(queues, meter) : queues,
    resources: { 'AWS::SQS::Queue': createQueue },
    close: async () => {},
  };
};
