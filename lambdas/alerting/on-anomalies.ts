import * as z from 'zod';
import { anomaliesDetected } from '../../contracts/alert.ts';
import { readGatewayOwner } from '../fleet/fleet-directory.ts';
import { parseBusEvent } from '../shared/bus-message.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { inTurns } from '../telemetry/block-cache.ts';
import { usualPolicy } from './plan-alerts.ts';
import { recordAnomalies } from './record-anomalies.ts';

const env = config({
  ALERTING_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  FLEET_TABLE: z.string(),
  INCIDENT_MINERS: z.coerce.number().int().min(2).max(1_000).default(usualPolicy.incidentMiners),
});
const store = {
  db: documentClient(),
  alertingTable: env.ALERTING_TABLE,
  auditTable: env.AUDIT_TABLE,
  fleetTable: env.FLEET_TABLE,
};
const record = recordAnomalies({
  ...store,
  policy: { ...usualPolicy, incidentMiners: env.INCIDENT_MINERS },
  readTenant: async (siteId, gatewayId) => (await readGatewayOwner(store)(siteId, gatewayId))?.tenantId,
});
const inTurn = inTurns();

export const handler = sqsHandler(async ({ body }) => {
  const detected = anomaliesDetected.parse(parseBusEvent(body).detail);
  await inTurn(String(detected.siteId), () => record(detected));
});
