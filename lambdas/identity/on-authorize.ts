import type {
  APIGatewayRequestAuthorizerEventV2,
  APIGatewaySimpleAuthorizerWithContextResult,
} from 'aws-lambda';
import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { hashToken, readCookie, sessionCookie } from './session.ts';
import { findSession } from './session-repository.ts';

const env = config({ IDENTITY_TABLE: z.string() });
const sessionOf = findSession({ db: documentClient(), identityTable: env.IDENTITY_TABLE });

/**
 * API Gateway's authorizer for every route: says who asks, or nothing. It lets strangers pass on to the function, which
 * answers them with the documented 401, because an HTTP API cannot; a function without a principal does nothing else.
 */
export const handler = async (
  event: APIGatewayRequestAuthorizerEventV2,
): Promise<APIGatewaySimpleAuthorizerWithContextResult<{ principal?: string }>> => {
  const token = readCookie(event.cookies ?? (event.headers?.cookie ?? '').split(';'), sessionCookie);
  const session = token ? await sessionOf(hashToken(token), systemClock.nowMs()) : undefined;
  return { isAuthorized: true, context: session ? { principal: JSON.stringify(session.principal) } : {} };
};
