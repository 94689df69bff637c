import {
  hasAccess,
  hasScope,
  hasSteppedUp,
  modules,
  type Principal,
  rankOf,
  stepUpLifeMs,
} from '../../contracts/access.ts';
import type { ApiKeyView, SessionView, UserView } from '../../contracts/api-users.ts';
import { toUtc } from '../shared/clock.ts';
import { type ApiKey, apiKeyStatus } from './api-key.ts';
import { sessionIdOf } from './session.ts';
import type { HeldSession } from './session-repository.ts';
import type { User } from './user.ts';

export const presentUser = (user: User): UserView => ({
  user_id: user.userId,
  name: user.name,
  ...(user.email !== undefined && { email: user.email }),
  role: user.role,
  ...(user.duty && { duty: user.duty }),
  rank: rankOf({ role: user.role, ...(user.duty && { duty: user.duty }) }),
  site_ids: user.siteIds === 'all' ? user.siteIds : [...user.siteIds],
  ...(user.customerIds && { customer_ids: [...user.customerIds] }),
  status: user.status,
  second_factor: user.hasSecondFactor,
  created_at: user.createdAt,
  ...(user.lastSignedInAt !== undefined && { last_signed_in_at: user.lastSignedInAt }),
});

export const presentSession =
  (currentHash: string) =>
  ({ tokenHash, session }: HeldSession): SessionView => ({
    session_id: sessionIdOf(tokenHash),
    signed_in_at: toUtc(session.signedInAtMs),
    expires_at: toUtc(session.expiresAtMs),
    browser: session.browser,
    current: tokenHash === currentHash,
  });

export const presentApiKey =
  (nowMs: number) =>
  (key: ApiKey): ApiKeyView => ({
    key_id: key.keyId,
    name: key.name,
    scopes: [...key.scopes],
    ...(key.siteIds && { site_ids: [...key.siteIds] }),
    created_at: toUtc(key.createdAtMs),
    expires_at: toUtc(key.expiresAtMs),
    ...(key.lastUsedAtMs !== undefined && { last_used_at: toUtc(key.lastUsedAtMs) }),
    status: apiKeyStatus(key, nowMs),
  });

/** What a principal may do: the matrix, and for an API key its scopes. */
export const presentAccess = ({ role, via, scopes = [] }: Principal) =>
  modules.flatMap((module) => {
    const level = (['full', 'read'] as const).find(
      (one) => hasAccess(role, module, one) && (via !== 'api_key' || hasScope(scopes, module, one)),
    );
    return level ? [{ module, level }] : [];
  });

export const steppedUpUntil = (who: Principal, nowMs: number) =>
  hasSteppedUp(who, nowMs) && who.provenAtMs !== undefined
    ? { stepped_up_until: toUtc(who.provenAtMs + stepUpLifeMs) }
    : {};
