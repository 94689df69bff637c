import { IoTClient } from '@aws-sdk/client-iot';
import { KMSClient } from '@aws-sdk/client-kms';
import * as z from 'zod';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { fail, succeed } from '../shared/result.ts';
import { readCertificateRequest } from './certificate-request.ts';
import { claimUseItem, findClaim } from './claim-repository.ts';
import { credentialRoutes } from './edge-api.ts';
import { insertGateway, readGateway, replaceGateway } from './gateway-repository.ts';
import { registerByClaim } from './register-by-claim.ts';
import { rotateCredentials } from './rotate-credentials.ts';
import { sealSecret } from './seal-secret.ts';
import { mqttEndpoint, thingRegistry } from './thing-registry.ts';

const env = config({
  FLEET_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  DATA_KEY_ID: z.string(),
  GATEWAY_POLICY: z.string(),
  CLAIM_POLICY: z.string(),
});
const store = { db: documentClient(), fleetTable: env.FLEET_TABLE, auditTable: env.AUDIT_TABLE };
const iot = new IoTClient({});
const things = thingRegistry(iot, env.GATEWAY_POLICY);
const deps = {
  findClaim: findClaim(store),
  readGateway: readGateway(store),
  insertGateway: insertGateway(store),
  replaceGateway: replaceGateway(store),
  claimUseItem: claimUseItem(store),
  readCertificateRequest,
  certify: things.certify,
  readPem: things.readPem,
  activate: things.activate,
  retireClaim: (certificateId: string) => things.retireClaim(env.CLAIM_POLICY, certificateId),
  seal: sealSecret(new KMSClient({}), env.DATA_KEY_ID),
  mqttEndpoint: mqttEndpoint(iot),
  clock: systemClock,
};
const register = registerByClaim(deps);
const rotate = rotateCredentials(deps);

export const handler = apiHandler(credentialRoutes, {
  registerByClaim: async ({ body }) => {
    const registered = await register(body);
    return registered.ok ? succeed({ body: registered.value }) : registered;
  },
  checkCredentials: async ({ who }) => {
    const gateway = await deps.readGateway(who.siteId, who.gatewayId);
    return gateway?.token_expires_at_ms === undefined
      ? fail('not_authenticated', 'Authentication required')
      : succeed({
          body: {
            generation: gateway.generation,
            token_expires_at_ms: gateway.token_expires_at_ms,
            rotate: gateway.rotation_requested_ms !== undefined,
          },
        });
  },
  rotateCredentials: async ({ who, body }) => {
    const rotated = await rotate(who, body.csr_pem);
    return rotated.ok ? succeed({ body: { credentials: rotated.value } }) : rotated;
  },
});
