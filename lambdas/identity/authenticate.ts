import type { Principal } from '../../contracts/access.ts';
import { type ApiKey, opens, principalOfKey, readApiKey } from './api-key.ts';
import { touchEveryMs } from './api-key-repository.ts';
import type { UserRef } from './identity-keys.ts';
import { hashToken, principalOf, readCookie, type Session, sessionCookie } from './session.ts';
import type { User } from './user.ts';

export type AuthenticateDeps = {
  readonly findSession: (tokenHash: string, nowMs: number) => Promise<Session | undefined>;
  readonly findApiKey: (keyId: string) => Promise<ApiKey | undefined>;
  readonly findUser: (ref: UserRef) => Promise<User | undefined>;
  readonly touchApiKey: (keyId: string, nowMs: number) => Promise<void>;
};

export type Credentials = { readonly authorization: string | undefined; readonly cookies: readonly string[] };

/**
 * Who asks, if anybody. A bearer token is the whole credential: where it is no good API key, a session that comes along does
 * not help. The user is read each time, so what was taken away is gone at the next request.
 */
export const authenticate =
  ({ findSession, findApiKey, findUser, touchApiKey }: AuthenticateDeps) =>
  async ({ authorization, cookies }: Credentials, nowMs: number): Promise<Principal | undefined> => {
    const [, bearer] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
    if (bearer !== undefined) {
      const shown = readApiKey(bearer);
      const key = shown && (await findApiKey(shown.keyId));
      if (!key || !opens(key, shown.secretHash, nowMs)) return undefined;
      const principal = principalOfKey(key, await findUser(key));
      if (principal && nowMs - (key.lastUsedAtMs ?? 0) >= touchEveryMs) await touchApiKey(key.keyId, nowMs);
      return principal;
    }
    const token = readCookie(cookies, sessionCookie);
    const session = token ? await findSession(hashToken(token), nowMs) : undefined;
    return session && principalOf(session, await findUser(session));
  };
