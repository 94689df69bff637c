import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../contracts/access.ts';
import { startTables } from '../../test/support/tables.ts';
import { toPrincipal } from './identity-provider.ts';
import { hashToken, loginLifeMs, readCookie, sessionLifeMs } from './session.ts';
import {
  deleteSession,
  findSession,
  type IdentityStore,
  putLogin,
  putSession,
  takeLogin,
} from './session-repository.ts';
import { beginSignIn, completeSignIn, type SignInDeps } from './sign-in.ts';

const who: Principal = { userId: 5, name: 'Mei', tenantId: 'demo', role: 'owner', siteIds: 'all' };
const origin = 'https://console.example';
let tables: Awaited<ReturnType<typeof startTables<'identity'>>>;
let store: IdentityStore;
let nowMs: number;
beforeAll(async () => {
  tables = await startTables([{ name: 'identity' }]);
  store = { db: tables.db, identityTable: tables.nameOf('identity') };
  nowMs = Date.now();
});
afterAll(() => tables.close());

const deps = (complete: SignInDeps['provider']['complete'] = async () => who): SignInDeps => ({
  provider: {
    begin: async (redirectUri) => ({
      url: `https://idp.example/?to=${redirectUri}`,
      state: 'st',
      codeVerifier: 'cv',
      nonce: 'no',
    }),
    complete,
  },
  putLogin: putLogin(store),
  takeLogin: takeLogin(store),
  putSession: putSession(store),
  clock: { nowMs: () => nowMs },
});
const answer = (state = 'st') => new URLSearchParams({ state, code: 'c' });

describe('sign-in', () => {
  it('opens a session of eight hours that its token’s hash finds', async () => {
    const { browserToken } = await beginSignIn(deps())(`${origin}/auth/callback`, '/alerts');
    const done = await completeSignIn(deps())(browserToken, answer());
    if (!done.ok) throw new Error(done.failure.message);
    expect(done.value.returnTo).toBe('/alerts');
    const hash = hashToken(done.value.sessionToken);
    expect(await findSession(store)(hash, nowMs)).toEqual({
      principal: who,
      expiresAtMs: nowMs + sessionLifeMs,
    });
    expect(await findSession(store)(hash, nowMs + sessionLifeMs)).toBeUndefined();
    await deleteSession(store)(hash);
    expect(await findSession(store)(hash, nowMs)).toBeUndefined();
  });

  it('hands the provider the address that it began with, whatever the callback claims', async () => {
    let seen: URL | undefined;
    const complete = async (url: URL) => {
      seen = url;
      return who;
    };
    const { browserToken } = await beginSignIn(deps())(`${origin}/auth/callback`, '/');
    await completeSignIn(deps(complete))(browserToken, answer());
    expect(seen?.href).toBe(`${origin}/auth/callback?state=st&code=c`);
  });

  it.each([
    ['without the browser’s cookie', undefined, 'st', async () => who],
    ['with another state', 'own', 'other', async () => who],
    ['when the provider refuses', 'own', 'st', () => Promise.reject(new Error('bad code'))],
  ] as const)('fails %s, and opens no session', async (_case, cookie, state, complete) => {
    const { browserToken } = await beginSignIn(deps())(`${origin}/auth/callback`, '/');
    const done = await completeSignIn(deps(complete))(cookie && browserToken, answer(state));
    expect(done).toMatchObject({ ok: false, failure: { code: 'not_authenticated' } });
  });

  it('works once, and not after ten minutes', async () => {
    const { browserToken } = await beginSignIn(deps())(`${origin}/auth/callback`, '/');
    expect((await completeSignIn(deps())(browserToken, answer())).ok).toBe(true);
    expect((await completeSignIn(deps())(browserToken, answer())).ok).toBe(false);
    const late = await beginSignIn(deps())(`${origin}/auth/callback`, '/');
    nowMs += loginLifeMs;
    expect((await completeSignIn(deps())(late.browserToken, answer())).ok).toBe(false);
  });
});

describe('claims', () => {
  const claims = {
    sub: 's',
    name: 'Oskar',
    'custom:user_id': '7',
    'custom:tenant_id': 'demo',
    'custom:role': 'mining_site_owner',
  };

  it('become a principal', () => {
    expect(toPrincipal({ ...claims, 'custom:duty': 'operator', 'custom:site_ids': '1,2' })).toEqual({
      userId: 7,
      name: 'Oskar',
      tenantId: 'demo',
      role: 'mining_site_owner',
      duty: 'operator',
      siteIds: [1, 2],
    });
  });

  it('of a client name its customers', () => {
    const client = { ...claims, 'custom:role': 'client', 'custom:site_ids': '1' };
    expect(toPrincipal({ ...client, 'custom:customer_ids': 'acme,birch' }).customerIds).toEqual([
      'acme',
      'birch',
    ]);
    expect(() => toPrincipal({ ...client, 'custom:customer_ids': 'acme,' })).toThrow();
  });

  it.each([
    ['no site list', {}],
    ['an unknown role', { 'custom:site_ids': 'all', 'custom:role': 'root' }],
    ['the role guest', { 'custom:site_ids': 'all', 'custom:role': 'guest' }],
    ['a user id that is no number', { 'custom:site_ids': 'all', 'custom:user_id': '7x' }],
  ])('with %s let nobody in', (_case, changed) => {
    expect(() => toPrincipal({ ...claims, ...changed })).toThrow();
  });
});

it('reads a cookie by its whole name', () => {
  expect(readCookie(['xsession=1', ' session=2'], 'session')).toBe('2');
  expect(readCookie(['session2=1'], 'session')).toBeUndefined();
});
