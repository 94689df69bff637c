import type * as z from 'zod';
import { type Principal, reachesSite, scopesOf } from '../../contracts/access.ts';
import type { newApiKeyBody } from '../../contracts/api-users.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { type Clock, toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type ApiKey, apiKeyStatus, newApiKey } from './api-key.ts';
import { byUser, userEvent } from './identity-events.ts';
import type { UserRef } from './identity-keys.ts';
import { lackingSite, userNotFound } from './manage-users.ts';
import { mayManage, type User } from './user.ts';

export type ApiKeyDeps = {
  readonly findUser: (ref: UserRef) => Promise<User | undefined>;
  readonly listApiKeys: (ref: UserRef) => Promise<readonly ApiKey[]>;
  readonly insertApiKey: (key: ApiKey, event: NewDomainEvent) => Promise<boolean>;
  readonly revokeApiKey: (keyId: string, nowMs: number, event: NewDomainEvent) => Promise<boolean>;
  /** The ids of a tenant's sites. */
  readonly siteIdsOf: (tenantId: string) => Promise<readonly number[]>;
  readonly clock: Clock;
};

const dayMs = 24 * 60 * 60 * 1000;
const mostKeys = 20;

/** A key of one's own, with no more than one's own rights. `shown` is the only time that anybody sees it. */
export const createApiKey =
  (deps: ApiKeyDeps) =>
  async (
    who: Principal,
    body: z.output<typeof newApiKeyBody>,
  ): Promise<Result<{ readonly shown: string; readonly key: ApiKey }>> => {
    const grantable = scopesOf(who.role);
    const beyond = body.scopes.find((scope) => !grantable.includes(scope));
    if (beyond) return fail('validation_failed', `scopes: your account has no ${beyond}`);
    const unreached = body.site_ids?.find((site) => !reachesSite(who, site));
    if (unreached !== undefined)
      return fail('validation_failed', `site_ids: your account has no site ${unreached}`);
    const lacking = await lackingSite(deps, who.tenantId, body.site_ids);
    if (lacking) return lacking;
    const nowMs = deps.clock.nowMs();
    const ref = { tenantId: who.tenantId, userId: who.userId };
    const active = (await deps.listApiKeys(ref)).filter((one) => apiKeyStatus(one, nowMs) === 'active');
    if (active.length >= mostKeys)
      return fail('conflict', `There are ${mostKeys} active API keys already; revoke one first`);
    const { keyId, secretHash, shown } = newApiKey();
    const key: ApiKey = {
      ...ref,
      keyId,
      secretHash,
      name: body.name,
      scopes: [...new Set(body.scopes)],
      siteIds: body.site_ids,
      createdAtMs: nowMs,
      expiresAtMs: nowMs + body.expires_in_days * dayMs,
    };
    const event = userEvent(who.tenantId, byUser(who), 'identity.api_key.created', {
      user_id: who.userId,
      key_id: keyId,
      scopes: [...key.scopes],
      expires_at: toUtc(key.expiresAtMs),
    });
    if (!(await deps.insertApiKey(key, event))) throw new Error('a random key id was taken');
    return succeed({ shown, key });
  };

/** Ends a key for good: one's own, or with a reason somebody's whom one manages. */
export const revokeKey =
  (deps: ApiKeyDeps) =>
  async (who: Principal, userId: number, keyId: string, reason?: string): Promise<Result<undefined>> => {
    const ref = { tenantId: who.tenantId, userId };
    const user = await deps.findUser(ref);
    if (!user) return userNotFound;
    const allowed = who.userId === userId ? succeed(undefined) : mayManage(who, user);
    if (!allowed.ok) return allowed;
    const keys = await deps.listApiKeys(ref);
    if (!keys.some((one) => one.keyId === keyId)) return fail('not_found', 'API key not found');
    const event = userEvent(who.tenantId, byUser(who), 'identity.api_key.revoked', {
      user_id: userId,
      key_id: keyId,
      ...(reason !== undefined && { reason }),
    });
    const revoked = await deps.revokeApiKey(keyId, deps.clock.nowMs(), event);
    return revoked ? succeed(undefined) : fail('invalid_state', 'The API key is revoked already');
  };
