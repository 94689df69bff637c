import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { ttlSeconds } from '../shared/clock.ts';
import { type IdentityStore, identityKeys } from './identity-keys.ts';

/** A sign-in under way: what must come back from the identity provider, and where to go then. */
export type PendingLogin = {
  readonly state: string;
  readonly codeVerifier: string;
  readonly nonce: string;
  readonly returnTo: string;
  readonly redirectUri: string;
  readonly expiresAtMs: number;
};

const loginItem = z.object({
  state: z.string(),
  code_verifier: z.string(),
  nonce: z.string(),
  return_to: z.string(),
  redirect_uri: z.string(),
  expires_at_ms: z.int(),
});

export const putLogin =
  ({ db, identityTable }: IdentityStore) =>
  async (browserHash: string, login: PendingLogin) => {
    await db.send(
      new PutCommand({
        TableName: identityTable,
        Item: {
          ...identityKeys.login(browserHash),
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
      new DeleteCommand({
        TableName: identityTable,
        Key: identityKeys.login(browserHash),
        ReturnValues: 'ALL_OLD',
      }),
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
