import { GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { epochMs, tenantId, userId } from '../../contracts/identifiers.ts';
import { commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import { toUtc, ttlSeconds } from '../shared/clock.ts';
import { type IdentityStore, type IdentityWriter, identityKeys, type UserRef } from './identity-keys.ts';
import { type Session, sessionIdOf } from './session.ts';

const sessionItem = z
  .object({
    tenant_id: tenantId,
    user_id: userId,
    epoch: z.int(),
    signed_in_at_ms: epochMs,
    expires_at_ms: epochMs,
    authenticated_at_ms: epochMs.optional(),
    code_shown_at_ms: epochMs.optional(),
    browser: z.string(),
  })
  .transform(
    (item): Session => ({
      tenantId: item.tenant_id,
      userId: item.user_id,
      epoch: item.epoch,
      signedInAtMs: item.signed_in_at_ms,
      expiresAtMs: item.expires_at_ms,
      authenticatedAtMs: item.authenticated_at_ms,
      codeShownAtMs: item.code_shown_at_ms,
      browser: item.browser,
    }),
  );
const listedItem = z.object({ token_hash: z.string() });

const toItem = (session: Session) => ({
  tenant_id: session.tenantId,
  user_id: session.userId,
  epoch: session.epoch,
  signed_in_at_ms: session.signedInAtMs,
  expires_at_ms: session.expiresAtMs,
  authenticated_at_ms: session.authenticatedAtMs,
  code_shown_at_ms: session.codeShownAtMs,
  browser: session.browser,
  ttl: ttlSeconds(session.expiresAtMs),
});

/** A session with the hash of its token. */
export type HeldSession = { readonly tokenHash: string; readonly session: Session };

/** The session behind a token's hash, or undefined: TTL lags, so the time is checked here. */
export const findSession =
  ({ db, identityTable }: IdentityStore) =>
  async (tokenHash: string, nowMs: number): Promise<Session | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: identityTable,
        Key: identityKeys.session(tokenHash),
        ConsistentRead: true,
      }),
    );
    if (!Item) return undefined;
    const session = sessionItem.parse(Item);
    return session.expiresAtMs > nowMs ? session : undefined;
  };

/** The user's sessions of this epoch that have not expired, with their tokens' hashes, newest first. */
export const listSessions =
  ({ db, identityTable }: IdentityStore) =>
  async (ref: UserRef, epoch: number, nowMs: number): Promise<HeldSession[]> => {
    const found: HeldSession[] = [];
    const pages = paginateQuery(
      { client: db },
      {
        TableName: identityTable,
        KeyConditionExpression: 'pk = :person AND begins_with(sk, :session)',
        ExpressionAttributeValues: {
          ':person': identityKeys.sessionOf(ref, '').pk,
          ':session': 'SESSION#',
        },
        ConsistentRead: true,
      },
    );
    for await (const { Items } of pages)
      for (const item of Items ?? []) {
        const session = sessionItem.parse(item);
        if (session.epoch === epoch && session.expiresAtMs > nowMs)
          found.push({ session, tokenHash: listedItem.parse(item).token_hash });
      }
    return found.toSorted((a, b) => b.session.signedInAtMs - a.session.signedInAtMs);
  };

const puts = (table: string, { tokenHash, session }: HeldSession): TransactItem[] => [
  { Put: { TableName: table, Item: { ...identityKeys.session(tokenHash), ...toItem(session) } } },
  {
    Put: {
      TableName: table,
      Item: {
        ...identityKeys.sessionOf(session, sessionIdOf(tokenHash)),
        ...toItem(session),
        token_hash: tokenHash,
      },
    },
  },
];

const deletes = (table: string, { tokenHash, session }: HeldSession): TransactItem[] => [
  { Delete: { TableName: table, Key: identityKeys.session(tokenHash) } },
  { Delete: { TableName: table, Key: identityKeys.sessionOf(session, sessionIdOf(tokenHash)) } },
];

/**
 * Opens a session, and ends the one that the browser had, in one step. False when the user was disabled, removed or
 * signed out everywhere meanwhile: then nothing happened.
 */
export const openSession =
  (store: IdentityWriter) =>
  async (
    opened: HeldSession,
    ended: HeldSession | undefined,
    event: NewDomainEvent,
    more: readonly TransactItem[] = [],
  ): Promise<boolean> => {
    const { session } = opened;
    const committed = await commitWithAudit(store)(
      [
        {
          Update: {
            TableName: store.identityTable,
            Key: identityKeys.user(session),
            UpdateExpression: 'SET last_signed_in_at = :at',
            ConditionExpression: '#status = :active AND epoch = :epoch',
            ExpressionAttributeNames: { '#status': 'status' },
            ExpressionAttributeValues: {
              ':at': toUtc(session.signedInAtMs),
              ':active': 'active',
              ':epoch': session.epoch,
            },
          },
        },
        ...puts(store.identityTable, opened),
        ...(ended ? deletes(store.identityTable, ended) : []),
        ...more,
      ],
      [event],
    );
    return committed.ok;
  };

export const endSession =
  (store: IdentityWriter) =>
  async (ended: HeldSession, event: NewDomainEvent): Promise<void> => {
    await commitWithAudit(store)(deletes(store.identityTable, ended), [event]);
  };

/** Puts one session in place of another, as part of a transaction. */
export const rotation =
  ({ identityTable }: IdentityStore) =>
  (ended: HeldSession, opened: HeldSession): TransactItem[] => [
    ...deletes(identityTable, ended),
    ...puts(identityTable, opened),
  ];
