import { IoTClient } from '@aws-sdk/client-iot';
import { EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import * as z from 'zod';
import { apiHandler, type Handlers } from '../shared/api-handler.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { succeed } from '../shared/result.ts';
import { fleetRoutes, type gatewayRoutes } from './api.ts';
import { customerHandlers } from './bind-customers.ts';
import { minerHandlers } from './bind-miners.ts';
import { siteHandlers } from './bind-sites.ts';
import { readSite, secretContext } from './fleet-directory.ts';
import * as fleet from './fleet-repository.ts';
import { atSiteOf } from './reach.ts';
import { registerGateway } from './register-gateway.ts';
import { createThing, mqttEndpoint } from './thing-registry.ts';

const env = config({
  FLEET_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  DATA_KEY_ID: z.string(),
  GATEWAY_POLICY: z.string(),
});
const store = { db: documentClient(), fleetTable: env.FLEET_TABLE, auditTable: env.AUDIT_TABLE };
const kms = new KMSClient({});
const iot = new IoTClient({});
const clock = systemClock;
const atSite = atSiteOf(readSite(store), clock);
const deps = { store, atSite, clock };

const seal = async ({ tenantId, siteId }: fleet.Owner, gatewayId: string, secret: Uint8Array) => {
  const context = secretContext(tenantId, siteId, gatewayId);
  const sealed = await kms.send(
    new EncryptCommand({ KeyId: env.DATA_KEY_ID, Plaintext: secret, EncryptionContext: context }),
  );
  if (!sealed.CiphertextBlob) throw new Error('KMS sealed nothing');
  return sealed.CiphertextBlob;
};

const gatewayHandlers: Handlers<typeof gatewayRoutes> = {
  listGateways: ({ who, params }) =>
    atSite(who, params.site_id, async () => {
      const gateways = await fleet.listGateways(store)(params.site_id);
      return succeed({ body: { gateways, count: gateways.length } });
    }),
  registerGateway: ({ who, params, body }) =>
    atSite(who, params.site_id, async ({ doing }) => {
      const registered = await registerGateway({
        claim: (owner, gateway) => fleet.claimGateway(store)(owner, doing.by, gateway),
        activate: fleet.activateGateway(store),
        seal,
        createThing: createThing(iot, env.GATEWAY_POLICY),
        mqttEndpoint: mqttEndpoint(iot),
        clock,
      })({ tenantId: who.tenantId, siteId: params.site_id }, body);
      return registered.ok ? succeed({ body: registered.value }) : registered;
    }),
};

export const handler = apiHandler(fleetRoutes, {
  ...siteHandlers(deps),
  ...gatewayHandlers,
  ...minerHandlers(deps),
  ...customerHandlers(deps),
});
