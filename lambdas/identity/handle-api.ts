import * as z from 'zod';
import { rankOf } from '../../contracts/access.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock, toUtc } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { fail, succeed } from '../shared/result.ts';
import { identityRoutes } from './api.ts';
import { oidcProvider } from './identity-provider.ts';
import {
  cookie,
  hashToken,
  loginCookie,
  loginLifeMs,
  readCookie,
  sessionCookie,
  sessionLifeMs,
} from './session.ts';
import { deleteSession, findSession, putLogin, putSession, takeLogin } from './session-repository.ts';
import { beginSignIn, completeSignIn } from './sign-in.ts';

const env = config({ IDENTITY_TABLE: z.string(), OIDC_ISSUER: z.url(), OIDC_CLIENT_ID: z.string() });
const store = { db: documentClient(), identityTable: env.IDENTITY_TABLE };
const deps = {
  provider: oidcProvider(env.OIDC_ISSUER, env.OIDC_CLIENT_ID),
  putLogin: putLogin(store),
  takeLogin: takeLogin(store),
  putSession: putSession(store),
  clock: systemClock,
};

export const handler = apiHandler(identityRoutes, {
  login: async ({ query, origin }) => {
    const { url, browserToken } = await beginSignIn(deps)(`${origin}/auth/callback`, query.return_to);
    return succeed({
      body: undefined,
      headers: { location: url },
      cookies: [cookie(loginCookie, browserToken, loginLifeMs)],
    });
  },
  callback: async ({ cookies, rawQuery }) => {
    const done = await completeSignIn(deps)(readCookie(cookies, loginCookie), new URLSearchParams(rawQuery));
    if (!done.ok) return done;
    return succeed({
      body: undefined,
      headers: { location: done.value.returnTo },
      cookies: [cookie(sessionCookie, done.value.sessionToken, sessionLifeMs), cookie(loginCookie, '', 0)],
    });
  },
  logout: async ({ cookies }) => {
    const token = readCookie(cookies, sessionCookie);
    if (token) await deleteSession(store)(hashToken(token));
    return succeed({ body: { success: true as const }, cookies: [cookie(sessionCookie, '', 0)] });
  },
  session: async ({ cookies }) => {
    const session = await findSession(store)(
      hashToken(readCookie(cookies, sessionCookie) ?? ''),
      systemClock.nowMs(),
    );
    if (!session) return fail('not_authenticated', 'Authentication required');
    const { userId, name, role, siteIds } = session.principal;
    return succeed({
      body: {
        user: {
          id: userId,
          name,
          role,
          rank: rankOf(session.principal),
          site_ids: siteIds === 'all' ? siteIds : [...siteIds],
        },
        expires_at: toUtc(session.expiresAtMs),
      },
    });
  },
});
