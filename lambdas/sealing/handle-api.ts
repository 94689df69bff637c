import { DescribeEndpointCommand, IoTClient } from '@aws-sdk/client-iot';
import * as z from 'zod';
import { type Principal, reachesSite } from '../../contracts/access.ts';
import { readGatewayOwner } from '../fleet/fleet-directory.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock, toUtc } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { sealingRoutes } from './api.ts';
import { requestRestore } from './restore-inventory.ts';
import { putRestore, readGatewayKey, readInventory } from './sealing-repository.ts';

const env = config({
  SEALING_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  FLEET_TABLE: z.string(),
  SEALING_KEY_ARN: z.string(),
  ROLE_ALIAS: z.string(),
  AWS_REGION: z.string(),
});
const db = documentClient();
const iot = new IoTClient({});
const store = { db, sealingTable: env.SEALING_TABLE, auditTable: env.AUDIT_TABLE };
const ownerOf = readGatewayOwner({ db, fleetTable: env.FLEET_TABLE });
const restore = requestRestore({
  readInventory: readInventory(store),
  putRestore: putRestore(store),
  clock: systemClock,
});

/** A gateway of the caller's; another's is not found. */
const reach = async (who: Principal, siteId: number, gatewayId: string): Promise<Result<true>> => {
  const owner = reachesSite(who, siteId) ? await ownerOf(siteId, gatewayId) : undefined;
  return owner?.tenantId === who.tenantId ? succeed(true) : fail('not_found', 'Gateway not found');
};

/** Where gateways get their credentials: the account's endpoint, on 443 unless it names a port. */
const credentialsEndpoint = async () => {
  const { endpointAddress } = await iot.send(
    new DescribeEndpointCommand({ endpointType: 'iot:CredentialProvider' }),
  );
  const [host, port] = (endpointAddress ?? '').split(':');
  if (!host) throw new Error('IoT names no credentials endpoint');
  return { credentials_host: host, credentials_port: port ? Number(port) : 443 };
};

export const handler = apiHandler(sealingRoutes, {
  getGatewaySealing: async ({ who, params: { site_id, gateway_id } }) => {
    const reached = await reach(who, site_id, gateway_id);
    if (!reached.ok) return reached;
    const place = { siteId: site_id, gatewayId: gateway_id };
    const [endpoint, key, backup] = await Promise.all([
      credentialsEndpoint(),
      readGatewayKey(store)(place),
      readInventory(store)(place),
    ]);
    const settings = {
      tenant_id: who.tenantId,
      key_arn: env.SEALING_KEY_ARN,
      region: env.AWS_REGION,
      role_alias: env.ROLE_ALIAS,
      ...endpoint,
    };
    return succeed({
      body: {
        site_id,
        gateway_id,
        settings,
        key: key ? { key_id: key.key_id, announced_at: toUtc(key.announced_at_ms) } : null,
        backup: backup
          ? {
              backup_id: backup.backup_id,
              miners: backup.miners,
              parts: backup.parts,
              stored_at: toUtc(backup.stored_at_ms),
            }
          : null,
      },
    });
  },
  restoreInventory: async ({ who, params: { site_id, gateway_id }, body }) => {
    const reached = await reach(who, site_id, gateway_id);
    if (!reached.ok) return reached;
    const place = { siteId: site_id, gatewayId: gateway_id, tenantId: who.tenantId };
    const asked = await restore(place, who.userId, body.reason);
    return asked.ok ? succeed({ body: asked.value }) : asked;
  },
});
