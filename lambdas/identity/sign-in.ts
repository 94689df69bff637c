import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { Clock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { byUser, userEvent } from './identity-events.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { type JoinDeps, joinUser } from './join-user.ts';
import type { PendingLogin } from './login-repository.ts';
import { hashToken, loginLifeMs, newToken, type Session, sessionIdOf, sessionLifeMs } from './session.ts';
import type { HeldSession } from './session-repository.ts';

export type SignInDeps = JoinDeps & {
  readonly provider: IdentityProvider;
  readonly putLogin: (browserHash: string, login: PendingLogin) => Promise<void>;
  readonly takeLogin: (browserHash: string, nowMs: number) => Promise<PendingLogin | undefined>;
  readonly findSession: (tokenHash: string, nowMs: number) => Promise<Session | undefined>;
  readonly openSession: (
    opened: HeldSession,
    ended: HeldSession | undefined,
    event: NewDomainEvent,
  ) => Promise<boolean>;
  readonly clock: Clock;
};

/** Sends the browser to the identity provider. `browserToken` is for a short-lived cookie that ties the answer to it. */
export const beginSignIn =
  ({ provider, putLogin, clock }: Pick<SignInDeps, 'provider' | 'putLogin' | 'clock'>) =>
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

/** What the browser sends along: its login cookie, the session that it still has, and what it calls itself. */
export type Browser = {
  readonly loginToken: string | undefined;
  readonly sessionToken: string | undefined;
  readonly userAgent: string;
};

/**
 * Turns the provider's answer into a session under a new token; one that the browser had before ends. Fails with
 * `not_authenticated` whenever anything is off, in the same words for each reason.
 */
export const completeSignIn =
  (deps: SignInDeps) =>
  async (
    browser: Browser,
    query: URLSearchParams,
  ): Promise<Result<{ sessionToken: string; returnTo: string }>> => {
    const refused = fail('not_authenticated', 'Sign-in failed or took too long; please try again');
    const nowMs = deps.clock.nowMs();
    const login = browser.loginToken && (await deps.takeLogin(hashToken(browser.loginToken), nowMs));
    if (!login || query.get('state') !== login.state) return refused;
    const callbackUrl = new URL(login.redirectUri);
    callbackUrl.search = query.toString();
    const identity = await deps.provider.complete(callbackUrl, login).catch(() => undefined);
    const user = identity && (await joinUser(deps)(identity, nowMs));
    if (!user) return refused;
    const sessionToken = newToken();
    const tokenHash = hashToken(sessionToken);
    const session: Session = {
      tenantId: user.tenantId,
      userId: user.userId,
      epoch: user.epoch,
      signedInAtMs: nowMs,
      expiresAtMs: nowMs + sessionLifeMs,
      authenticatedAtMs:
        identity.authenticatedAtMs === undefined ? undefined : Math.min(nowMs, identity.authenticatedAtMs),
      browser: browser.userAgent.slice(0, 200),
    };
    const event = userEvent(user.tenantId, byUser(user), 'identity.user.signed_in', {
      user_id: user.userId,
      session_id: sessionIdOf(tokenHash),
    });
    const opened = await deps.openSession({ tokenHash, session }, await heldBy(deps, browser, nowMs), event);
    return opened ? succeed({ sessionToken, returnTo: login.returnTo }) : refused;
  };

const heldBy = async (
  { findSession }: Pick<SignInDeps, 'findSession'>,
  { sessionToken }: Browser,
  nowMs: number,
): Promise<HeldSession | undefined> => {
  if (!sessionToken) return undefined;
  const tokenHash = hashToken(sessionToken);
  const session = await findSession(tokenHash, nowMs);
  return session && { tokenHash, session };
};
