import { IoTClient } from '@aws-sdk/client-iot';
import { EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import * as z from 'zod';
import { type Principal, reachesSite } from '../../contracts/access.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock, toUtc } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { fail, succeed } from '../shared/result.ts';
import { fleetRoutes } from './api.ts';
import { readSite, secretContext } from './fleet-directory.ts';
import * as fleet from './fleet-repository.ts';
import { reachSite, registerMiners } from './manage-fleet.ts';
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
const reach = reachSite(readSite(store));
const by = (who: Principal) => ({ actor_type: 'user', actor_id: String(who.userId) }) as const;

const seal = async ({ tenantId, siteId }: fleet.Owner, gatewayId: string, secret: Uint8Array) => {
  const context = secretContext(tenantId, siteId, gatewayId);
  const sealed = await kms.send(
    new EncryptCommand({ KeyId: env.DATA_KEY_ID, Plaintext: secret, EncryptionContext: context }),
  );
  if (!sealed.CiphertextBlob) throw new Error('KMS sealed nothing');
  return sealed.CiphertextBlob;
};

export const handler = apiHandler(fleetRoutes, {
  listSites: async ({ who }) => {
    const sites = (await fleet.listSites(store)(who.tenantId)).filter(({ site_id }) =>
      reachesSite(who, site_id),
    );
    return succeed({ body: { sites, count: sites.length } });
  },
  createSite: async ({ who, body }) =>
    succeed({
      body: { site: await fleet.insertSite(store)(who.tenantId, by(who), body, toUtc(systemClock.nowMs())) },
    }),
  getSite: async ({ who, params }) => {
    const reached = await reach(who, params.site_id);
    return reached.ok ? succeed({ body: { site: reached.value.site } }) : reached;
  },
  listZones: async ({ who, params }) => {
    const reached = await reach(who, params.site_id);
    if (!reached.ok) return reached;
    const zones = await fleet.listZones(store)(params.site_id);
    return succeed({ body: { zones, count: zones.length } });
  },
  createZone: async ({ who, params, body }) => {
    const reached = await reach(who, params.site_id);
    if (!reached.ok) return reached;
    const committed = await fleet.insertZone(store)(reached.value.owner, by(who), body);
    return committed.ok
      ? succeed({ body: { zone: body } })
      : fail('conflict', `zone_id ${body.zone_id} exists already`);
  },
  listGateways: async ({ who, params }) => {
    const reached = await reach(who, params.site_id);
    if (!reached.ok) return reached;
    const gateways = await fleet.listGateways(store)(params.site_id);
    return succeed({ body: { gateways, count: gateways.length } });
  },
  registerGateway: async ({ who, params, body }) => {
    const reached = await reach(who, params.site_id);
    if (!reached.ok) return reached;
    const registered = await registerGateway({
      claim: (owner, gateway) => fleet.claimGateway(store)(owner, by(who), gateway),
      activate: fleet.activateGateway(store),
      seal,
      createThing: createThing(iot, env.GATEWAY_POLICY),
      mqttEndpoint: mqttEndpoint(iot),
      clock: systemClock,
    })(reached.value.owner, body);
    return registered.ok ? succeed({ body: registered.value }) : registered;
  },
  listMiners: async ({ who, params, query }) => {
    const reached = await reach(who, params.site_id);
    if (!reached.ok) return reached;
    const { miners, nextCursor } = await fleet.listMiners(store)(params.site_id, query.limit, query.cursor);
    return succeed({
      body: { miners, count: miners.length, ...(nextCursor && { next_cursor: nextCursor }) },
    });
  },
  registerMiners: async ({ who, params, body }) => {
    const reached = await reach(who, params.site_id);
    if (!reached.ok) return reached;
    const registered = await registerMiners({
      missingPlaces: fleet.missingPlaces(store),
      insertMiners: (owner, miners) => fleet.insertMiners(store)(owner, by(who), miners),
    })(reached.value.owner, body.miners);
    return registered.ok
      ? succeed({ body: { miners: [...registered.value], count: registered.value.length } })
      : registered;
  },
});
