import * as z from 'zod';
import { rankOf } from '../../contracts/access.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock, toUtc } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { fail, succeed } from '../shared/result.ts';
import { identityRoutes } from './api.ts';
import { byUser, userEvent } from './identity-events.ts';
import { oidcProvider } from './identity-provider.ts';
import { takeFromLimit } from './limit-repository.ts';
import { limitSignIn } from './limit-sign-in.ts';
import { putLogin, takeLogin } from './login-repository.ts';
import {
  cookie,
  hashToken,
  loginCookie,
  loginLifeMs,
  readCookie,
  sessionCookie,
  sessionIdOf,
  sessionLifeMs,
} from './session.ts';
import { endSession, findSession, openSession } from './session-repository.ts';
import { beginSignIn, completeSignIn } from './sign-in.ts';
import { findByAccount, findByEmail, saveUser } from './user-repository.ts';

const env = config({
  IDENTITY_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  OIDC_ISSUER: z.url(),
  OIDC_CLIENT_ID: z.string(),
});
const store = { db: documentClient(), identityTable: env.IDENTITY_TABLE, auditTable: env.AUDIT_TABLE };
const deps = {
  provider: oidcProvider(env.OIDC_ISSUER, env.OIDC_CLIENT_ID),
  putLogin: putLogin(store),
  takeLogin: takeLogin(store),
  findSession: findSession(store),
  openSession: openSession(store),
  findByAccount: findByAccount(store),
  findByEmail: findByEmail(store),
  saveUser: saveUser(store),
  clock: systemClock,
};

export const handler = apiHandler(identityRoutes, {
  login: async ({ query, origin, source }) => {
    const within = await limitSignIn(takeFromLimit(store))(source, systemClock.nowMs());
    if (!within.ok) return within;
    const { url, browserToken } = await beginSignIn(deps)(`${origin}/auth/callback`, query.return_to);
    return succeed({
      body: undefined,
      headers: { location: url },
      cookies: [cookie(loginCookie, browserToken, loginLifeMs)],
    });
  },
  callback: async ({ cookies, rawQuery, userAgent }) => {
    const browser = {
      loginToken: readCookie(cookies, loginCookie),
      sessionToken: readCookie(cookies, sessionCookie),
      userAgent,
    };
    const done = await completeSignIn(deps)(browser, new URLSearchParams(rawQuery));
    if (!done.ok) return done;
    return succeed({
      body: undefined,
      headers: { location: done.value.returnTo },
      cookies: [cookie(sessionCookie, done.value.sessionToken, sessionLifeMs), cookie(loginCookie, '', 0)],
    });
  },
  logout: async ({ who, cookies }) => {
    const tokenHash = hashToken(readCookie(cookies, sessionCookie) ?? '');
    const session = await deps.findSession(tokenHash, systemClock.nowMs());
    if (session)
      await endSession(store)(
        { tokenHash, session },
        userEvent(who.tenantId, byUser(who), 'identity.user.signed_out', {
          user_id: who.userId,
          session_id: sessionIdOf(tokenHash),
        }),
      );
    return succeed({ body: { success: true as const }, cookies: [cookie(sessionCookie, '', 0)] });
  },
  session: async ({ who, cookies }) => {
    const session = await deps.findSession(
      hashToken(readCookie(cookies, sessionCookie) ?? ''),
      systemClock.nowMs(),
    );
    if (!session) return fail('not_authenticated', 'Authentication required');
    const { userId, name, role, siteIds, awaitsCode } = who;
    return succeed({
      body: {
        user: { id: userId, name, role, rank: rankOf(who), site_ids: siteIds },
        expires_at: toUtc(session.expiresAtMs),
        ...(awaitsCode && { awaits_code: true as const }),
      },
    });
  },
});
