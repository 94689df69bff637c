import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import { gatewayId, siteIdText } from '../../contracts/identifiers.ts';
import { telemetryGone } from '../../contracts/telemetry-receipt.ts';
import { readGatewayOwner } from '../fleet/fleet-directory.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { logger } from '../shared/logger.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { recordGone } from './loss-repository.ts';
import { telemetryMetrics } from './metric-names.ts';

const env = config({ TELEMETRY_TABLE: z.string(), FLEET_TABLE: z.string(), AUDIT_TABLE: z.string() });
const store = {
  db: documentClient(),
  telemetryTable: env.TELEMETRY_TABLE,
  fleetTable: env.FLEET_TABLE,
  auditTable: env.AUDIT_TABLE,
};
const metrics = new Metrics();

/** The place that the IoT rule adds from the topic, which the gateway's policy lets it use. */
const place = z.object({ topicSiteId: siteIdText, topicGatewayId: gatewayId }).loose();

const each = sqsHandler(async ({ body }) => {
  const { topicSiteId, topicGatewayId, ...message } = place.parse(JSON.parse(body));
  const said = telemetryGone.parse(message);
  if (said.siteId !== topicSiteId || said.gatewayId !== topicGatewayId)
    throw new Error('The message names another site or gateway than its topic');
  const owner = await readGatewayOwner(store)(said.siteId, said.gatewayId);
  if (!owner) throw new Error(`Site ${said.siteId} has no gateway ${said.gatewayId}`);
  for (const [shard, gaps] of Map.groupBy(said.gone, (gap) => gap.shard)) {
    const of = { siteId: said.siteId, gatewayId: said.gatewayId, shard };
    const lost = await recordGone(store)(of, gaps, owner.tenantId, systemClock.nowMs());
    if (lost.length === 0) continue;
    logger.warn('telemetry lost', { ...of, gaps: lost.length });
    metrics.addMetric(telemetryMetrics.lost, MetricUnit.Count, lost.length);
  }
});

/** Records what gateways no longer have of their telemetry as lost for good. */
export const handler: typeof each = async (event, context, callback) => {
  try {
    return await each(event, context, callback);
  } finally {
    metrics.publishStoredMetrics();
  }
};
