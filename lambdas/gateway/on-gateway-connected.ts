import { IoTClient } from '@aws-sdk/client-iot';
import * as z from 'zod';
import { gatewayId } from '../../contracts/identifiers.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { logger } from '../shared/logger.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { findSiteOfGateway } from './gateway-names.ts';
import { readGateway, replaceGateway } from './gateway-repository.ts';
import { retireCertificates } from './retire-certificates.ts';
import { thingRegistry } from './thing-registry.ts';

const env = config({ FLEET_TABLE: z.string(), AUDIT_TABLE: z.string(), GATEWAY_POLICY: z.string() });
const store = { db: documentClient(), fleetTable: env.FLEET_TABLE, auditTable: env.AUDIT_TABLE };
const retire = retireCertificates({
  readGateway: readGateway(store),
  replaceGateway: replaceGateway(store),
  findSite: findSiteOfGateway(store),
  retire: thingRegistry(new IoTClient({}), env.GATEWAY_POLICY).retire,
});

/** AWS IoT's lifecycle event; for a certificate, `principalIdentifier` is its id. Claims connect under a name that no gateway has. */
const connected = z.object({ clientId: z.string(), principalIdentifier: z.string() });

/** Ends the certificates that a gateway had before the one that it has just connected with. */
export const handler = sqsHandler(async ({ body }) => {
  const { clientId, principalIdentifier } = connected.parse(JSON.parse(body));
  const gateway = gatewayId.safeParse(clientId);
  if (!gateway.success) return;
  const retired = await retire(gateway.data, principalIdentifier);
  if (retired.length > 0)
    logger.info('certificates retired', { gatewayId: gateway.data, count: retired.length });
});
