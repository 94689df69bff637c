import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { epochMs, gatewayId, siteIdText } from '../../contracts/identifiers.ts';
import { readGatewayOwner, readMiner, readMinersOfGateway } from '../fleet/fleet-directory.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { logger } from '../shared/logger.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { cachedBlocks, inTurns } from './block-cache.ts';
import { putRaw } from './block-repository.ts';
import { gatewayRegistry } from './gateway-registry.ts';
import { type Ingested, ingestBatch } from './ingest-batch.ts';
import { commitBatch, readBlock } from './live-repository.ts';
import { publishAnomalies } from './publish-anomalies.ts';
import { requestRollUp } from './roll-up-request.ts';
import { requestSetAside } from './set-aside-request.ts';

const env = config({
  TELEMETRY_TABLE: z.string(),
  FLEET_TABLE: z.string(),
  EVENT_BUS: z.string(),
  SET_ASIDE_QUEUE: z.string(),
  ROLL_UP_QUEUE: z.string(),
});
const store = { db: documentClient(), telemetryTable: env.TELEMETRY_TABLE, fleetTable: env.FLEET_TABLE };
const sqs = new SQSClient({});
const metrics = new Metrics();

/** What the IoT rule hands over (docs/decisions/0001): topic levels are text. */
const ruleOutput = z.object({ payload: z.base64(), siteId: siteIdText, gatewayId, receivedAtMs: epochMs });

const ingest = ingestBatch({
  ...gatewayRegistry(
    {
      readMinersOfGateway: readMinersOfGateway(store),
      readMiner: readMiner(store),
      readGatewayOwner: readGatewayOwner(store),
    },
    systemClock,
  ),
  ...cachedBlocks({ readBlock: readBlock(store), commitBatch: commitBatch(store) }),
  putRaw: putRaw(store),
  publish: publishAnomalies(new EventBridgeClient({}), env.EVENT_BUS),
  requestRollUp: requestRollUp(sqs, env.ROLL_UP_QUEUE),
  setAside: requestSetAside(sqs, env.SET_ASIDE_QUEUE),
});
const inTurn = inTurns();

const measure = (ingested: Ingested, receivedAtMs: number) => {
  metrics.addMetric('BatchLagMs', MetricUnit.Milliseconds, Math.max(0, systemClock.nowMs() - receivedAtMs));
  if (ingested.outcome === 'set_aside') {
    metrics.addMetric('BatchesSetAside', MetricUnit.Count, 1);
    logger.warn('batch set aside', { fault: ingested.fault });
    return;
  }
  metrics.addMetric(
    'ReadingsIngested',
    MetricUnit.Count,
    ingested.outcome === 'stored' ? ingested.readings : 0,
  );
  metrics.addMetric('ValuesDropped', MetricUnit.Count, ingested.droppedValues + ingested.droppedReadings);
  metrics.addMetric('UnknownMiners', MetricUnit.Count, ingested.unknownMiners);
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
