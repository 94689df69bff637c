import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { epochMs, gatewayId, siteIdText } from '../../contracts/identifiers.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { logger } from '../shared/logger.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { inTurns } from './block-cache.ts';
import { s3BlockStore } from './block-store.ts';
import { type Ingested, ingestBatch } from './ingest-batch.ts';
import { ingestStores } from './ingest-stores.ts';
import { telemetryMetrics } from './metric-names.ts';
import { publishAnomalies } from './publish-anomalies.ts';
import { requestShard } from './roll-up-request.ts';
import { requestSetAside } from './set-aside-request.ts';

const env = config({
  TELEMETRY_TABLE: z.string(),
  TELEMETRY_BUCKET: z.string(),
  FLEET_TABLE: z.string(),
  EVENT_BUS: z.string(),
  SET_ASIDE_QUEUE: z.string(),
  ROLL_UP_QUEUE: z.string(),
});
const store = {
  db: documentClient(),
  telemetryTable: env.TELEMETRY_TABLE,
  fleetTable: env.FLEET_TABLE,
  blocks: s3BlockStore(new S3Client({}), env.TELEMETRY_BUCKET),
};
const sqs = new SQSClient({});
const metrics = new Metrics();

/** What the IoT rule hands over (docs/decisions/0001): topic levels are text. */
const ruleOutput = z.object({ payload: z.base64(), siteId: siteIdText, gatewayId, receivedAtMs: epochMs });

const ingest = ingestBatch({
  ...ingestStores(store),
  publish: publishAnomalies(new EventBridgeClient({}), env.EVENT_BUS),
  requestRollUp: requestShard(sqs, env.ROLL_UP_QUEUE),
  setAside: requestSetAside(sqs, env.SET_ASIDE_QUEUE),
});
const inTurn = inTurns();

const count = (name: string, value: number) => metrics.addMetric(name, MetricUnit.Count, value);
const measure = (ingested: Ingested, receivedAtMs: number) => {
  const lagMs = Math.max(0, systemClock.nowMs() - receivedAtMs);
  metrics.addMetric(telemetryMetrics.batchLag, MetricUnit.Milliseconds, lagMs);
  if (ingested.outcome === 'set_aside') {
    count(telemetryMetrics.setAside, 1);
    logger.warn('batch set aside', { fault: ingested.fault });
    return;
  }
  count(telemetryMetrics.readings, ingested.outcome === 'stored' ? ingested.readings : 0);
  count(telemetryMetrics.dropped, ingested.droppedValues + ingested.droppedReadings);
  count(telemetryMetrics.late, ingested.lateReadings);
  count(telemetryMetrics.unknownMiners, ingested.unknownMiners);
  if (ingested.spool)
    metrics.addMetric(telemetryMetrics.spoolOldest, MetricUnit.Milliseconds, ingested.spool.oldestMs);
};

const each = sqsHandler(async ({ body }) => {
  const { payload, ...place } = ruleOutput.parse(JSON.parse(body));
  const arrival = { ...place, bytes: Buffer.from(payload, 'base64') };
  measure(await inTurn(`${place.siteId}/${place.gatewayId}`, () => ingest(arrival)), place.receivedAtMs);
});

export const handler: typeof each = async (event, context, callback) => {
  try {
    return await each(event, context, callback);
  } finally {
    metrics.publishStoredMetrics();
  }
};
