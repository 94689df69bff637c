import { IoTClient } from '@aws-sdk/client-iot';
import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { logger } from '../shared/logger.ts';
import { endClaim as end, forgetEnding, listEnding } from './claim-repository.ts';
import { endDueClaims } from './create-claim.ts';
import { thingRegistry } from './thing-registry.ts';

const env = config({
  FLEET_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  GATEWAY_POLICY: z.string(),
  CLAIM_POLICY: z.string(),
});
const store = { db: documentClient(), fleetTable: env.FLEET_TABLE, auditTable: env.AUDIT_TABLE };
const things = thingRegistry(new IoTClient({}), env.GATEWAY_POLICY);
const endDue = endDueClaims({
  listEnding: listEnding(store),
  forgetEnding: forgetEnding(store),
  endClaim: end(store),
  retireClaim: (certificateId) => things.retireClaim(env.CLAIM_POLICY, certificateId),
  clock: systemClock,
});

/** Ends claims whose time is over, and their certificates. Throws where one could not be ended; the others are. */
export const handler = async (): Promise<void> => {
  const { ended, failed } = await endDue();
  if (ended > 0) logger.info('claims ended', { ended });
  if (failed > 0) throw new Error(`${failed} claims could not be ended`);
};
