import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import type { ScheduledHandler } from 'aws-lambda';
import * as z from 'zod';
import { topics } from '../../contracts/topics.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { dueReceipts } from './gateway-receipts.ts';
import { readHeads, reportingSites } from './live-repository.ts';
import { telemetryMetrics } from './metric-names.ts';
import { noteSent, readSent } from './receipt-repository.ts';

const env = config({ TELEMETRY_TABLE: z.string() });
const store = { db: documentClient(), telemetryTable: env.TELEMETRY_TABLE };
const broker = new IoTDataPlaneClient({});
const metrics = new Metrics();

/** Publishes first and notes then: a crash in between sends a receipt twice, which changes nothing. */
const sendReceipts = async (siteId: number) => {
  const [heads, before] = await Promise.all([readHeads(store)(siteId), readSent(store)(siteId)]);
  await Promise.all(
    dueReceipts(heads, before, systemClock.nowMs()).map(async ({ receipt, sent }) => {
      const payload = Buffer.from(JSON.stringify(receipt), 'utf8');
      await broker.send(new PublishCommand({ topic: topics.receipt(receipt), qos: 1, payload }));
      await noteSent(store)(siteId, receipt.gatewayId, sent);
    }),
  );
  return heads.reduce((gaps, head) => gaps + (head.gaps?.length ?? 0), 0);
};

/** Each minute: tells gateways what of their telemetry is durable and what is missing. */
export const handler: ScheduledHandler = async () => {
  const gaps = await Promise.all((await reportingSites(store)()).map(sendReceipts));
  const open = gaps.reduce((a, b) => a + b, 0);
  metrics.addMetric(telemetryMetrics.gapsOpen, MetricUnit.Count, open);
  metrics.publishStoredMetrics();
};
