import * as z from 'zod';
import { anomaliesDetected } from '../../contracts/alert.ts';
import { readGatewayOwner } from '../fleet/fleet-directory.ts';
import { readRegistry } from '../fleet/miner-registry.ts';
import { parseBusEvent, parseDomainEvent } from '../shared/bus-message.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { inTurns } from '../telemetry/block-cache.ts';
import { usualPolicy } from './plan-alerts.ts';
import { endAlerts, recordAnomalies } from './record-anomalies.ts';

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
const deps = { ...store, policy: { ...usualPolicy, incidentMiners: env.INCIDENT_MINERS } };
const registry = readRegistry(store);
const record = recordAnomalies({
  ...deps,
  readTenant: async (siteId, gatewayId) => (await readGatewayOwner(store)(siteId, gatewayId))?.tenantId,
  readRetired: async (siteId) => {
    const { miners } = await registry(siteId);
    return new Set(
      [...miners.values()].flatMap((miner) => (miner.status === 'retired' ? [miner.miner_id] : [])),
    );
  },
});
const end = endAlerts(deps);
const inTurn = inTurns();

export const handler = sqsHandler(async ({ body }) => {
  const { type, detail } = parseBusEvent(body);
  if (type === 'fleet.miners.retired') {
    const { event, payload } = parseDomainEvent(body, type);
    await inTurn(String(event.site_id), () => end(event.tenant_id, event.site_id, payload.miner_ids));
    return;
  }
  const detected = anomaliesDetected.parse(detail);
  await inTurn(String(detected.siteId), () => record(detected));
});
