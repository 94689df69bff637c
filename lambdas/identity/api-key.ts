import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Principal, Scope } from '../../contracts/access.ts';
import type { UserRef } from './identity-keys.ts';
import { accessOf, type User } from './user.ts';

export type ApiKey = UserRef & {
  readonly keyId: string;
  readonly name: string;
  /** SHA-256 of the secret, hex; the secret itself is shown once and kept nowhere. */
  readonly secretHash: string;
  readonly scopes: readonly Scope[];
  /** Fewer sites than its owner's, if it says so. */
  readonly siteIds?: readonly number[] | undefined;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly lastUsedAtMs?: number | undefined;
  readonly revokedAtMs?: number | undefined;
};

const written = /^hi_([0-9a-z]{16})_([A-Za-z0-9_-]{43})$/;
const hashSecret = (secret: string) => createHash('sha256').update(secret).digest('hex');

/** A fresh key: what its owner is shown once, and what is kept of it. 256 random bits need no slow hash. */
export const newApiKey = () => {
  const keyId = randomBytes(8).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  return { keyId, secretHash: hashSecret(secret), shown: `hi_${keyId}_${secret}` };
};

export const readApiKey = (text: string) => {
  const [, keyId, secret] = written.exec(text) ?? [];
  return keyId && secret ? { keyId, secretHash: hashSecret(secret) } : undefined;
};

const isSame = (a: string, b: string) =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

export const apiKeyStatus = ({ revokedAtMs, expiresAtMs }: ApiKey, nowMs: number) =>
  revokedAtMs !== undefined ? 'revoked' : expiresAtMs <= nowMs ? 'expired' : 'active';

/** Whether this secret is the key's and the key is good now. */
export const opens = (key: ApiKey, secretHash: string, nowMs: number) =>
  isSame(key.secretHash, secretHash) && apiKeyStatus(key, nowMs) === 'active';

/** Who a key stands for: its owner, while active, on the sites and with the scopes that both have. */
export const principalOfKey = (key: ApiKey, user: User | undefined): Principal | undefined => {
  if (user?.status !== 'active') return undefined;
  const owner = accessOf(user);
  const siteIds = key.siteIds
    ? key.siteIds.filter((site) => owner.siteIds === 'all' || owner.siteIds.includes(site))
    : owner.siteIds;
  return { ...owner, siteIds, via: 'api_key', keyId: key.keyId, scopes: [...key.scopes] };
};
