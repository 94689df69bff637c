import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listLinks } from '../audit/audit-repository.ts';
import { tenantLog } from '../audit/tenant-log.ts';
import { byUser, userEvent } from './identity-events.ts';
import { type Identity, toIdentity } from './identity-provider.ts';
import { takeFromLimit } from './limit-repository.ts';
import { limitSignIn, signInLimits } from './limit-sign-in.ts';
import { putLogin, takeLogin } from './login-repository.ts';
import { signOutEverywhere } from './manage-users.ts';
import { hashToken, loginLifeMs, principalOf, readCookie, sessionLifeMs } from './session.ts';
import { endSession, findSession, listSessions, openSession } from './session-repository.ts';
import { beginSignIn, completeSignIn, type SignInDeps } from './sign-in.ts';
import { founder, startIdentityTables } from './test-identity.ts';
import { findByAccount, findByEmail, findUser, saveUser } from './user-repository.ts';

const origin = 'https://console.example';
let tables: Awaited<ReturnType<typeof startIdentityTables>>;
beforeAll(async () => {
  tables = await startIdentityTables();
});
afterAll(() => tables.close());

const mei = founder(5, 'demo');
const ref = { tenantId: 'demo', userId: 5 };
const deps = (complete: SignInDeps['provider']['complete'] = async () => mei): SignInDeps => ({
  provider: {
    begin: async (redirectUri) => ({
      url: `https://idp.example/?to=${redirectUri}`,
      state: 'st',
      codeVerifier: 'cv',
      nonce: 'no',
    }),
    complete,
  },
  putLogin: putLogin(tables.store),
  takeLogin: takeLogin(tables.store),
  findSession: findSession(tables.store),
  openSession: openSession(tables.store),
  findByAccount: findByAccount(tables.store),
  findByEmail: findByEmail(tables.store),
  saveUser: saveUser(tables.store),
  clock: tables.clock,
});
const answer = (state = 'st') => new URLSearchParams({ state, code: 'c' });
const browser = (loginToken: string | undefined, sessionToken?: string) => ({
  loginToken,
  sessionToken,
  userAgent: 'Firefox',
});
const signIn = async (identity: Identity = mei, sessionToken?: string) => {
  const complete = async () => identity;
  const { browserToken } = await beginSignIn(deps())(`${origin}/auth/callback`, '/alerts');
  return completeSignIn(deps(complete))(browser(browserToken, sessionToken), answer());
};
const signedIn = async (identity?: Identity, sessionToken?: string) => {
  const done = await signIn(identity, sessionToken);
  if (!done.ok) throw new Error(done.failure.message);
  return done.value;
};
const whoHas = async (token: string) => {
  const session = await findSession(tables.store)(hashToken(token), tables.time.nowMs);
  return session && principalOf(session, await findUser(tables.store)(session));
};
const recorded = async (tenantId: string) =>
  (await listLinks(tables.store)(tenantLog(tenantId), 50)).links.map(({ event }) => event);

describe('sign-in', () => {
  it('opens a session of eight hours that its token’s hash finds', async () => {
    const { sessionToken, returnTo } = await signedIn();
    expect(returnTo).toBe('/alerts');
    expect(await whoHas(sessionToken)).toEqual({
      userId: 5,
      name: 'Founder 5',
      tenantId: 'demo',
      role: 'owner',
      siteIds: 'all',
      via: 'session',
    });
    tables.time.nowMs += sessionLifeMs - 1;
    expect(await whoHas(sessionToken)).toBeDefined();
    tables.time.nowMs += 1;
    expect(await whoHas(sessionToken)).toBeUndefined();
  });

  it('gives a new token each time, and ends the session that the browser had', async () => {
    const first = await signedIn();
    const second = await signedIn(mei, first.sessionToken);
    const elsewhere = await signedIn();
    expect(second.sessionToken).not.toBe(first.sessionToken);
    expect(await whoHas(first.sessionToken)).toBeUndefined();
    expect(await whoHas(second.sessionToken)).toBeDefined();
    expect(await whoHas(elsewhere.sessionToken)).toBeDefined();
    const open = await listSessions(tables.store)(ref, 1, tables.time.nowMs);
    expect(open.map(({ tokenHash }) => tokenHash).toSorted()).toEqual(
      [second, elsewhere].map(({ sessionToken }) => hashToken(sessionToken)).toSorted(),
    );
  });

  it('never takes the session token that a browser brings', async () => {
    const planted = 'A'.repeat(43);
    const { sessionToken } = await signedIn(mei, planted);
    expect(sessionToken).not.toBe(planted);
    expect(await whoHas(planted)).toBeUndefined();
  });

  it('hands the provider the address that it began with, whatever the callback claims', async () => {
    let seen: URL | undefined;
    const complete = async (url: URL) => {
      seen = url;
      return mei;
    };
    const { browserToken } = await beginSignIn(deps())(`${origin}/auth/callback`, '/');
    await completeSignIn(deps(complete))(browser(browserToken), answer());
    expect(seen?.href).toBe(`${origin}/auth/callback?state=st&code=c`);
  });

  it.each([
    ['without the browser’s cookie', undefined, 'st', async () => mei],
    ['with another state', 'own', 'other', async () => mei],
    ['when the provider refuses', 'own', 'st', () => Promise.reject(new Error('bad code'))],
    [
      'for an account that nobody invited',
      'own',
      'st',
      async () => ({ ...mei, subject: 'x', granted: undefined }),
    ],
    [
      'for a second account with a number that is taken',
      'own',
      'st',
      async () => ({ ...mei, subject: 'y', email: 'other@demo.example' }),
    ],
  ] as const)('fails %s, and opens no session', async (_case, cookie, state, complete) => {
    const before = (await recorded('demo')).length;
    const { browserToken } = await beginSignIn(deps())(`${origin}/auth/callback`, '/');
    const done = await completeSignIn(deps(complete))(browser(cookie && browserToken), answer(state));
    expect(done).toMatchObject({ ok: false, failure: { code: 'not_authenticated' } });
    expect((await recorded('demo')).length).toBe(before);
  });

  it('works once, and not after ten minutes', async () => {
    const { browserToken } = await beginSignIn(deps())(`${origin}/auth/callback`, '/');
    expect((await completeSignIn(deps())(browser(browserToken), answer())).ok).toBe(true);
    expect((await completeSignIn(deps())(browser(browserToken), answer())).ok).toBe(false);
    const late = await beginSignIn(deps())(`${origin}/auth/callback`, '/');
    tables.time.nowMs += loginLifeMs;
    expect((await completeSignIn(deps())(browser(late.browserToken), answer())).ok).toBe(false);
  });

  it('makes one user of an account that signs in for the first time twice at once', async () => {
    const twin = founder(6, 'twins');
    const done = await Promise.all([signIn(twin), signIn(twin), signIn(twin)]);
    expect(done.map(({ ok }) => ok)).toEqual([true, true, true]);
    const types = (await recorded('twins')).map(({ type }) => type);
    expect(types.filter((type) => type === 'identity.user.joined')).toHaveLength(1);
    expect(types.filter((type) => type === 'identity.user.signed_in')).toHaveLength(3);
  });

  it('is in the tenant’s own log, with the person and without the name', async () => {
    await signedIn(founder(8, 'quiet'));
    const events = await recorded('quiet');
    expect(events).toMatchObject([
      { type: 'identity.user.signed_in', actor_type: 'user', actor_id: '8', payload: { user_id: 8 } },
      { type: 'identity.user.joined', payload: { user_id: 8, role: 'owner', by: 'claims' } },
    ]);
    expect(JSON.stringify(events)).not.toMatch(/Founder|example/);
  });

  it('counts as a proof from the moment at which the provider saw the person', async () => {
    const at = tables.time.nowMs - 60_000;
    const { sessionToken } = await signedIn({ ...mei, authenticatedAtMs: at });
    expect((await whoHas(sessionToken))?.provenAtMs).toBe(at);
    const ahead = await signedIn({ ...mei, authenticatedAtMs: tables.time.nowMs + 3_600_000 });
    expect((await whoHas(ahead.sessionToken))?.provenAtMs).toBe(tables.time.nowMs);
  });
});

describe('signing out', () => {
  it('ends the one session', async () => {
    const [one, other] = [await signedIn(), await signedIn()];
    const tokenHash = hashToken(one.sessionToken);
    const session = await findSession(tables.store)(tokenHash, tables.time.nowMs);
    if (!session) throw new Error('no session');
    const event = userEvent('demo', byUser({ userId: 5 }), 'identity.user.signed_out', { user_id: 5 });
    await endSession(tables.store)({ tokenHash, session }, event);
    expect([await whoHas(one.sessionToken), await whoHas(other.sessionToken)]).toEqual([
      undefined,
      expect.anything(),
    ]);
  });

  it('everywhere ends all sessions at once, also one that is being opened', async () => {
    const tokens = [await signedIn(), await signedIn(), await signedIn()].map((one) => one.sessionToken);
    const user = await findUser(tables.store)(ref);
    if (!user) throw new Error('no user');
    const stale = await findSession(tables.store)(hashToken(tokens[0] ?? ''), tables.time.nowMs);
    if (!stale) throw new Error('no session');
    const who = await whoHas(tokens[0] ?? '');
    if (!who) throw new Error('nobody');
    expect(
      (
        await signOutEverywhere({ findUser: findUser(tables.store), saveUser: saveUser(tables.store) })(
          who,
          5,
        )
      ).ok,
    ).toBe(true);
    for (const token of tokens) expect(await whoHas(token)).toBeUndefined();
    const event = userEvent('demo', byUser(who), 'identity.user.signed_in', { user_id: 5 });
    expect(await openSession(tables.store)({ tokenHash: 'late', session: stale }, undefined, event)).toBe(
      false,
    );
    expect((await signIn()).ok).toBe(true);
  });
});

it('limits how fast one source begins sign-ins, and nobody else with it', async () => {
  const limit = limitSignIn(takeFromLimit(tables.store));
  const eve = { peer: '198.51.100.7', viewer: '203.0.113.9' };
  for (let count = 0; count < signInLimits.viewer; count++)
    expect((await limit(eve, tables.time.nowMs)).ok).toBe(true);
  expect(await limit(eve, tables.time.nowMs)).toMatchObject({ failure: { code: 'too_many_requests' } });
  expect((await limit({ ...eve, viewer: '203.0.113.10' }, tables.time.nowMs)).ok).toBe(true);
  expect((await limit(eve, tables.time.nowMs + 60_000)).ok).toBe(true);
});

describe('claims', () => {
  const claims = {
    sub: 's',
    name: 'Oskar',
    email: 'o@x.example',
    email_verified: true,
    auth_time: 1_800_000_000,
  };
  const grant = {
    ...claims,
    'custom:user_id': '7',
    'custom:tenant_id': 'demo',
    'custom:role': 'mining_site_owner',
    'custom:site_ids': 'all',
  };

  it('say who somebody is', () => {
    expect(toIdentity(claims)).toEqual({
      subject: 's',
      name: 'Oskar',
      email: 'o@x.example',
      isEmailVerified: true,
      authenticatedAtMs: 1_800_000_000_000,
    });
  });

  it('may grant rights for the first sign-in', () => {
    expect(
      toIdentity({ ...grant, 'custom:duty': 'operator', 'custom:site_ids': '1,2' }).granted,
    ).toMatchObject({
      userId: 7,
      tenantId: 'demo',
      role: 'mining_site_owner',
      duty: 'operator',
      siteIds: [1, 2],
    });
  });

  it('of a client name its customers', () => {
    const client = { ...grant, 'custom:role': 'client', 'custom:site_ids': '1' };
    expect(toIdentity({ ...client, 'custom:customer_ids': 'acme,birch' }).granted?.customerIds).toEqual([
      'acme',
      'birch',
    ]);
    expect(() => toIdentity({ ...client, 'custom:customer_ids': 'acme,' })).toThrow();
  });

  it.each([
    ['no site list', { 'custom:site_ids': undefined }],
    ['an unknown role', { 'custom:role': 'root' }],
    ['the role guest', { 'custom:role': 'guest' }],
    ['a user id that is no number', { 'custom:user_id': '7x' }],
    ['no tenant', { 'custom:tenant_id': undefined }],
  ])('with %s let nobody in', (_case, changed) => {
    expect(() => toIdentity({ ...grant, ...changed })).toThrow();
  });
});

it('reads a cookie by its whole name', () => {
  expect(readCookie(['xsession=1', ' session=2'], 'session')).toBe('2');
  expect(readCookie(['session2=1'], 'session')).toBeUndefined();
});
