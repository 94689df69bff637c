import type {
  APIGatewayRequestAuthorizerEventV2,
  APIGatewaySimpleAuthorizerWithContextResult,
} from 'aws-lambda';
import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { authenticateDevice } from './authenticate-device.ts';
import { readGateway, replaceGateway } from './gateway-repository.ts';

const env = config({ FLEET_TABLE: z.string(), AUDIT_TABLE: z.string() });
const store = { db: documentClient(), fleetTable: env.FLEET_TABLE, auditTable: env.AUDIT_TABLE };
const authenticate = authenticateDevice({
  readGateway: readGateway(store),
  replaceGateway: replaceGateway(store),
  clock: systemClock,
});

/**
 * API Gateway's authorizer for the edge API: says which gateway asks, or nothing. Strangers pass on to the function, which answers
 * them with the documented 401 (docs/decisions/0003); a session says nothing here.
 */
export const handler = async (
  event: APIGatewayRequestAuthorizerEventV2,
): Promise<APIGatewaySimpleAuthorizerWithContextResult<{ device?: string }>> => {
  const device = await authenticate(event.headers?.authorization);
  return { isAuthorized: true, context: device ? { device: JSON.stringify(device) } : {} };
};
