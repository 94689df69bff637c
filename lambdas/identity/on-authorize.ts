import type {
  APIGatewayRequestAuthorizerEventV2,
  APIGatewaySimpleAuthorizerWithContextResult,
} from 'aws-lambda';
import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { findApiKey, touchApiKey } from './api-key-repository.ts';
import { authenticate } from './authenticate.ts';
import { findSession } from './session-repository.ts';
import { findUser } from './user-repository.ts';

const env = config({ IDENTITY_TABLE: z.string() });
const store = { db: documentClient(), identityTable: env.IDENTITY_TABLE };
const whoAsks = authenticate({
  findSession: findSession(store),
  findApiKey: findApiKey(store),
  findUser: findUser(store),
  touchApiKey: touchApiKey(store),
});

/**
 * API Gateway's authorizer for every route: says who asks, or nothing. It lets strangers pass on to the function, which
 * answers them with the documented 401, because an HTTP API cannot; a function without a principal does nothing else.
 */
export const handler = async (
  event: APIGatewayRequestAuthorizerEventV2,
): Promise<APIGatewaySimpleAuthorizerWithContextResult<{ principal?: string }>> => {
  const { headers, cookies } = event;
  const principal = await whoAsks(
    { authorization: headers?.authorization, cookies: cookies ?? (headers?.cookie ?? '').split(';') },
    systemClock.nowMs(),
  );
  return { isAuthorized: true, context: principal ? { principal: JSON.stringify(principal) } : {} };
};
