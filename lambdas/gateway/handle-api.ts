import { IoTClient } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { KMSClient } from '@aws-sdk/client-kms';
import * as z from 'zod';
import { type Principal, reachesSite } from '../../contracts/access.ts';
import { readSite } from '../fleet/fleet-directory.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { gatewayRoutes } from './api.ts';
import { bindZones, gatewayNotFound, requestRotation, revokeGateway } from './change-gateway.ts';
import * as claims from './claim-repository.ts';
import { createClaim, endClaim } from './create-claim.ts';
import type { GatewayRecord } from './gateway.ts';
import { byPerson } from './gateway-events.ts';
import { findNameHolder, missingZones } from './gateway-names.ts';
import { insertGateway, listGateways, readGateway, replaceGateway } from './gateway-repository.ts';
import { registerGateway } from './register-gateway.ts';
import { sealSecret } from './seal-secret.ts';
import { servedMiners } from './served-miners.ts';
import { disconnectGateway, mqttEndpoint, thingRegistry } from './thing-registry.ts';
import { toClaimView, toGatewayView } from './view-gateway.ts';

const env = config({
  FLEET_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  DATA_KEY_ID: z.string(),
  GATEWAY_POLICY: z.string(),
  CLAIM_POLICY: z.string(),
  PROVISIONING_TEMPLATE: z.string(),
});
const store = { db: documentClient(), fleetTable: env.FLEET_TABLE, auditTable: env.AUDIT_TABLE };
const iot = new IoTClient({});
const things = thingRegistry(iot, env.GATEWAY_POLICY);
const siteOf = readSite(store);
const retireClaim = (certificateId: string) => things.retireClaim(env.CLAIM_POLICY, certificateId);
const shared = {
  readGateway: readGateway(store),
  insertGateway: insertGateway(store),
  replaceGateway: replaceGateway(store),
  missingZones: missingZones(store),
  servedMiners: servedMiners(store),
  mqttEndpoint: mqttEndpoint(iot),
  clock: systemClock,
};
const register = registerGateway({
  ...shared,
  makeIdentity: things.makeIdentity,
  activate: things.activate,
  seal: sealSecret(new KMSClient({}), env.DATA_KEY_ID),
});
const revoke = revokeGateway({
  ...shared,
  certificatesOf: things.certificatesOf,
  retire: things.retire,
  disconnect: disconnectGateway(new IoTDataPlaneClient({})),
});
const claimFor = createClaim({
  ...shared,
  findNameHolder: findNameHolder(store),
  insertClaim: claims.insertClaim(store),
  makeClaimIdentity: () => things.makeClaimIdentity(env.CLAIM_POLICY),
  retireClaim,
  template: env.PROVISIONING_TEMPLATE,
});
const end = endClaim({ endClaim: claims.endClaim(store), retireClaim });

const siteNotFound = fail('not_found', 'Site not found');
/** Another tenant's site, or one outside the account's list, is not found. */
const ownerOf = async (who: Principal, siteId: number) => {
  const site = reachesSite(who, siteId) ? await siteOf(who.tenantId, siteId) : undefined;
  return site ? succeed({ tenantId: who.tenantId, siteId }) : siteNotFound;
};
const viewOf = (changed: Result<GatewayRecord>) =>
  changed.ok ? succeed({ body: { gateway: toGatewayView(changed.value) } }) : changed;

export const handler = apiHandler(gatewayRoutes, {
  listGateways: async ({ who, params }) => {
    const owner = await ownerOf(who, params.site_id);
    if (!owner.ok) return owner;
    const gateways = (await listGateways(store)(params.site_id)).map(toGatewayView);
    return succeed({ body: { gateways, count: gateways.length } });
  },
  registerGateway: async ({ who, params, body }) => {
    const owner = await ownerOf(who, params.site_id);
    if (!owner.ok) return owner;
    const done = await register(owner.value, byPerson(who), body);
    if (!done.ok) return done;
    const { gateway, credentials } = done.value;
    return succeed({ body: { gateway: toGatewayView(gateway), credentials } });
  },
  getGateway: async ({ who, params }) => {
    const owner = await ownerOf(who, params.site_id);
    if (!owner.ok) return owner;
    const gateway = await shared.readGateway(params.site_id, params.gateway_id);
    return viewOf(gateway ? succeed(gateway) : gatewayNotFound);
  },
  requestRotation: async ({ who, params }) => {
    const owner = await ownerOf(who, params.site_id);
    if (!owner.ok) return owner;
    const nowMs = systemClock.nowMs();
    return viewOf(await requestRotation(shared)(params.site_id, params.gateway_id, byPerson(who), nowMs));
  },
  bindGateway: async ({ who, params, body }) => {
    const owner = await ownerOf(who, params.site_id);
    if (!owner.ok) return owner;
    const [unknown] = body.zone_ids === 'all' ? [] : await shared.missingZones(params.site_id, body.zone_ids);
    if (unknown !== undefined)
      return fail('validation_failed', `zone_ids: ${unknown} is not a zone of this site`);
    return viewOf(await bindZones(shared)(params.site_id, params.gateway_id, byPerson(who), body.zone_ids));
  },
  revokeGateway: async ({ who, params, body }) => {
    const owner = await ownerOf(who, params.site_id);
    if (!owner.ok) return owner;
    return viewOf(await revoke(params.site_id, params.gateway_id, byPerson(who), body.reason));
  },
  listClaims: async ({ who, params }) => {
    const owner = await ownerOf(who, params.site_id);
    if (!owner.ok) return owner;
    const nowMs = systemClock.nowMs();
    const found = (await claims.listClaims(store)(params.site_id)).map((one) => toClaimView(one, nowMs));
    return succeed({ body: { claims: found, count: found.length } });
  },
  createClaim: async ({ who, params, body }) => {
    const owner = await ownerOf(who, params.site_id);
    if (!owner.ok) return owner;
    const made = await claimFor(owner.value, byPerson(who), body);
    if (!made.ok) return made;
    const { claim, secret } = made.value;
    return succeed({ body: { claim: toClaimView(claim, systemClock.nowMs()), secret } });
  },
  withdrawClaim: async ({ who, params }) => {
    const owner = await ownerOf(who, params.site_id);
    if (!owner.ok) return owner;
    const claim = await claims.readClaim(store)(params.site_id, params.claim_id);
    if (!claim) return fail('not_found', 'Claim not found');
    if (!(await end(claim, 'withdrawn', byPerson(who))))
      return fail('invalid_state', `The claim is ${claim.status}`);
    return succeed({ body: { claim: toClaimView({ ...claim, status: 'withdrawn' }, systemClock.nowMs()) } });
  },
});
