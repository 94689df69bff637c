import type { Clock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { hashToken, loginLifeMs, newToken, type Session, sessionLifeMs } from './session.ts';
import type { PendingLogin } from './session-repository.ts';

export type SignInDeps = {
  readonly provider: IdentityProvider;
  readonly putLogin: (browserHash: string, login: PendingLogin) => Promise<void>;
  readonly takeLogin: (browserHash: string, nowMs: number) => Promise<PendingLogin | undefined>;
  readonly putSession: (tokenHash: string, session: Session) => Promise<void>;
  readonly clock: Clock;
};

/** Sends the browser to the identity provider. `browserToken` is for a short-lived cookie that ties the answer to it. */
export const beginSignIn =
  ({ provider, putLogin, clock }: SignInDeps) =>
  async (redirectUri: string, returnTo: string) => {
    const { url, state, codeVerifier, nonce } = await provider.begin(redirectUri);
    const browserToken = newToken();
    const expiresAtMs = clock.nowMs() + loginLifeMs;
    await putLogin(hashToken(browserToken), {
      state,
      codeVerifier,
      nonce,
      returnTo,
      redirectUri,
      expiresAtMs,
    });
    return { url, browserToken };
  };

/** Turns the provider's answer into a session. Fails with `not_authenticated` whenever anything about it is off. */
export const completeSignIn =
  ({ provider, takeLogin, putSession, clock }: SignInDeps) =>
  async (
    browserToken: string | undefined,
    query: URLSearchParams,
  ): Promise<Result<{ sessionToken: string; returnTo: string }>> => {
    const refused = fail('not_authenticated', 'Sign-in failed or took too long; please try again');
    const login = browserToken && (await takeLogin(hashToken(browserToken), clock.nowMs()));
    if (!login || query.get('state') !== login.state) return refused;
    const callbackUrl = new URL(login.redirectUri);
    callbackUrl.search = query.toString();
    const principal = await provider.complete(callbackUrl, login).catch(() => undefined);
    if (!principal) return refused;
    const sessionToken = newToken();
    await putSession(hashToken(sessionToken), { principal, expiresAtMs: clock.nowMs() + sessionLifeMs });
    return succeed({ sessionToken, returnTo: login.returnTo });
  };
