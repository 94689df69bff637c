import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { scopes } from '../../contracts/access.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { epochMs, siteId, tenantId, userId } from '../../contracts/identifiers.ts';
import { commitWithAudit } from '../audit/commit-with-audit.ts';
import { ttlSeconds } from '../shared/clock.ts';
import type { ApiKey } from './api-key.ts';
import { type IdentityStore, type IdentityWriter, identityKeys, type UserRef } from './identity-keys.ts';

const keyItem = z
  .object({
    key_id: z.string(),
    tenant_id: tenantId,
    user_id: userId,
    name: z.string(),
    secret_hash: z.string(),
    scopes: z.array(z.enum(scopes)),
    site_ids: z.array(siteId).optional(),
    created_at_ms: epochMs,
    expires_at_ms: epochMs,
    last_used_at_ms: epochMs.optional(),
    revoked_at_ms: epochMs.optional(),
  })
  .transform(
    (item): ApiKey => ({
      keyId: item.key_id,
      tenantId: item.tenant_id,
      userId: item.user_id,
      name: item.name,
      secretHash: item.secret_hash,
      scopes: item.scopes,
      siteIds: item.site_ids,
      createdAtMs: item.created_at_ms,
      expiresAtMs: item.expires_at_ms,
      lastUsedAtMs: item.last_used_at_ms,
      revokedAtMs: item.revoked_at_ms,
    }),
  );

/** How long a key that is of no use any more stays in its owner's list. */
const keptMs = 30 * 24 * 60 * 60 * 1000;

export const findApiKey =
  ({ db, identityTable }: IdentityStore) =>
  async (keyId: string): Promise<ApiKey | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: identityTable, Key: identityKeys.apiKey(keyId), ConsistentRead: true }),
    );
    return Item && keyItem.parse(Item);
  };

/** A user's keys, newest first. */
export const listApiKeys =
  (store: IdentityStore) =>
  async (ref: UserRef): Promise<ApiKey[]> => {
    const ids: string[] = [];
    const pages = paginateQuery(
      { client: store.db },
      {
        TableName: store.identityTable,
        KeyConditionExpression: 'pk = :person AND begins_with(sk, :key)',
        ExpressionAttributeValues: { ':person': identityKeys.apiKeyOf(ref, '').pk, ':key': 'KEY#' },
        ConsistentRead: true,
      },
    );
    for await (const { Items } of pages)
      for (const item of Items ?? []) ids.push(z.object({ key_id: z.string() }).parse(item).key_id);
    const keys = await Promise.all(ids.map(findApiKey(store)));
    return keys.filter((one) => one !== undefined).toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  };

export const insertApiKey =
  (store: IdentityWriter) =>
  async (key: ApiKey, event: NewDomainEvent): Promise<boolean> => {
    const { identityTable: table } = store;
    const ttl = ttlSeconds(key.expiresAtMs + keptMs);
    const committed = await commitWithAudit(store)(
      [
        {
          Put: {
            TableName: table,
            Item: {
              ...identityKeys.apiKey(key.keyId),
              key_id: key.keyId,
              tenant_id: key.tenantId,
              user_id: key.userId,
              name: key.name,
              secret_hash: key.secretHash,
              scopes: key.scopes,
              site_ids: key.siteIds,
              created_at_ms: key.createdAtMs,
              expires_at_ms: key.expiresAtMs,
              ttl,
            },
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
        {
          Put: {
            TableName: table,
            Item: { ...identityKeys.apiKeyOf(key, key.keyId), key_id: key.keyId, ttl },
          },
        },
      ],
      [event],
    );
    return committed.ok;
  };

/** False when it is revoked already. */
export const revokeApiKey =
  (store: IdentityWriter) =>
  async (keyId: string, nowMs: number, event: NewDomainEvent): Promise<boolean> => {
    const committed = await commitWithAudit(store)(
      [
        {
          Update: {
            TableName: store.identityTable,
            Key: identityKeys.apiKey(keyId),
            UpdateExpression: 'SET revoked_at_ms = :now',
            ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(revoked_at_ms)',
            ExpressionAttributeValues: { ':now': nowMs },
          },
        },
      ],
      [event],
    );
    return committed.ok;
  };

/** Notes that a key was used. At most once in five minutes, as a write per call would cost more than the call. */
export const touchEveryMs = 5 * 60 * 1000;
export const touchApiKey =
  ({ db, identityTable }: IdentityStore) =>
  async (keyId: string, nowMs: number): Promise<void> => {
    try {
      await db.send(
        new UpdateCommand({
          TableName: identityTable,
          Key: identityKeys.apiKey(keyId),
          UpdateExpression: 'SET last_used_at_ms = :now',
          ConditionExpression:
            'attribute_exists(pk) AND (attribute_not_exists(last_used_at_ms) OR last_used_at_ms <= :before)',
          ExpressionAttributeValues: { ':now': nowMs, ':before': nowMs - touchEveryMs },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  };
