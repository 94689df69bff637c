import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { principal } from '../../contracts/access.ts';
import { ttlSeconds } from '../shared/clock.ts';
import type { Session } from './session.ts';

export type IdentityStore = { readonly db: DynamoDBDocumentClient; readonly identityTable: string };

/** A sign-in under way: what must come back from the identity provider, and where to go then. */
export type PendingLogin = {
  readonly state: string;
  readonly codeVerifier: string;
  readonly nonce: string;
  readonly returnTo: string;
  readonly redirectUri: string;
  readonly expiresAtMs: number;
};

const sessionItem = z.object({ principal, expires_at_ms: z.int() });
const loginItem = z.object({
  state: z.string(),
  code_verifier: z.string(),
  nonce: z.string(),
  return_to: z.string(),
  redirect_uri: z.string(),
  expires_at_ms: z.int(),
});
const sessionKey = (tokenHash: string) => ({ pk: `SESSION#${tokenHash}`, sk: 'SESSION' });
const loginKey = (browserHash: string) => ({ pk: `LOGIN#${browserHash}`, sk: 'LOGIN' });

export const putSession =
  ({ db, identityTable }: IdentityStore) =>
  async (tokenHash: string, { principal, expiresAtMs }: Session) => {
    await db.send(
      new PutCommand({
        TableName: identityTable,
        Item: {
          ...sessionKey(tokenHash),
          principal,
          expires_at_ms: expiresAtMs,
          ttl: ttlSeconds(expiresAtMs),
        },
      }),
    );
  };

/** The live session behind a token's hash, or undefined: TTL lags, so the time is checked here. */
export const findSession =
  ({ db, identityTable }: IdentityStore) =>
  async (tokenHash: string, nowMs: number): Promise<Session | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: identityTable, Key: sessionKey(tokenHash), ConsistentRead: true }),
    );
    if (!Item) return undefined;
    const { principal, expires_at_ms } = sessionItem.parse(Item);
    return expires_at_ms > nowMs ? { principal, expiresAtMs: expires_at_ms } : undefined;
  };

export const deleteSession =
  ({ db, identityTable }: IdentityStore) =>
  async (tokenHash: string) => {
    await db.send(new DeleteCommand({ TableName: identityTable, Key: sessionKey(tokenHash) }));
  };

export const putLogin =
  ({ db, identityTable }: IdentityStore) =>
  async (browserHash: string, login: PendingLogin) => {
    await db.send(
      new PutCommand({
        TableName: identityTable,
        Item: {
          ...loginKey(browserHash),
          state: login.state,
          code_verifier: login.codeVerifier,
          nonce: login.nonce,
          return_to: login.returnTo,
          redirect_uri: login.redirectUri,
          expires_at_ms: login.expiresAtMs,
          ttl: ttlSeconds(login.expiresAtMs),
        },
      }),
    );
  };

/** Takes the pending sign-in of a browser, once: a second callback with the same cookie finds nothing. */
export const takeLogin =
  ({ db, identityTable }: IdentityStore) =>
  async (browserHash: string, nowMs: number): Promise<PendingLogin | undefined> => {
    const { Attributes } = await db.send(
      new DeleteCommand({ TableName: identityTable, Key: loginKey(browserHash), ReturnValues: 'ALL_OLD' }),
    );
    if (!Attributes) return undefined;
    const item = loginItem.parse(Attributes);
    if (item.expires_at_ms <= nowMs) return undefined;
    return {
      state: item.state,
      codeVerifier: item.code_verifier,
      nonce: item.nonce,
      returnTo: item.return_to,
      redirectUri: item.redirect_uri,
      expiresAtMs: item.expires_at_ms,
    };
  };
