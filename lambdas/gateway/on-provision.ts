import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { logger } from '../shared/logger.ts';
import { claimUseItem, findClaim } from './claim-repository.ts';
import { insertGateway, readGateway, replaceGateway } from './gateway-repository.ts';
import { type ProvisioningVerdict, provisionByClaim, provisioningRequest } from './provision-by-claim.ts';
import { publicKeyHashOf } from './public-key.ts';

const env = config({ FLEET_TABLE: z.string(), AUDIT_TABLE: z.string() });
const store = { db: documentClient(), fleetTable: env.FLEET_TABLE, auditTable: env.AUDIT_TABLE };
const provision = provisionByClaim({
  findClaim: findClaim(store),
  readGateway: readGateway(store),
  insertGateway: insertGateway(store),
  replaceGateway: replaceGateway(store),
  claimUseItem: claimUseItem(store),
  publicKeyHashOf,
  clock: systemClock,
});

/** The pre-provisioning function of the provisioning template: AWS IoT asks it before it lets a new gateway in. */
export const handler = async (event: unknown): Promise<ProvisioningVerdict> => {
  const request = provisioningRequest.safeParse(event);
  const verdict = request.success ? await provision(request.data) : { allowProvisioning: false as const };
  logger.info('provisioning judged', { allowed: verdict.allowProvisioning });
  return verdict;
};
