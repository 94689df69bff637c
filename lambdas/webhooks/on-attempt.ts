import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { KMSClient } from '@aws-sdk/client-kms';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { deliver } from './deliver.ts';
import {
  cancelDelivery,
  deliveryRef,
  leaseAttempt,
  readDelivery,
  recordAttempt,
} from './delivery-repository.ts';
import { noteHealth, readEndpoint, replaceEndpoint } from './endpoint-repository.ts';
import { readNetworks } from './public-address.ts';
import { requestAttempt } from './request-attempt.ts';
import { resolveTarget } from './resolve-target.ts';
import { openSecret } from './seal-secret.ts';
import { sendMessage } from './send-message.ts';

const env = config({
  WEBHOOKS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  ATTEMPTS_QUEUE: z.string(),
  ALLOWED_NETWORKS: z.string(),
});
const store = { db: documentClient(), webhooksTable: env.WEBHOOKS_TABLE, auditTable: env.AUDIT_TABLE };
const metrics = new Metrics();
const attempt = deliver({
  readEndpoint: readEndpoint(store),
  replaceEndpoint: replaceEndpoint(store),
  noteHealth: noteHealth(store),
  readDelivery: readDelivery(store),
  lease: leaseAttempt(store),
  record: recordAttempt(store),
  cancel: cancelDelivery(store),
  openSecret: openSecret(new KMSClient({})),
  send: sendMessage({
    resolve: resolveTarget(readNetworks(env.ALLOWED_NETWORKS)),
    nowMs: systemClock.nowMs,
    timeoutMs: 15_000,
  }),
  requestAttempt: requestAttempt(new SQSClient({}), env.ATTEMPTS_QUEUE),
  clock: systemClock,
  random: Math.random,
});

/** Makes attempts: each message names a delivery, and what is to be done with it stands in the table. */
export const handler = sqsHandler(async ({ body }) => {
  const status = await attempt(deliveryRef.parse(JSON.parse(body)));
  if (status === 'failed') {
    metrics.addMetric('WebhookDeliveriesFailed', MetricUnit.Count, 1);
    metrics.publishStoredMetrics();
  }
});
