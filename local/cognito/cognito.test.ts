import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oidcProvider } from '../../lambdas/identity/identity-provider.ts';
import { type AccountStore, openAccounts } from './account-store.ts';
import { startIdentityProvider } from './identity-provider.ts';

const redirectUri = 'http://localhost:1/auth/callback';
let provider: Awaited<ReturnType<typeof startIdentityProvider>>;
let accounts: AccountStore;
let stateDir: string;
beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'cognito-'));
  accounts = openAccounts(stateDir);
  provider = await startIdentityProvider({
    stateDir,
    accounts,
    port: 0,
    clientId: 'console',
    redirectUris: [redirectUri],
  });
});
afterAll(() => provider.close());

/** A browser's cookies at the provider. */
const newJar = () => new Map<string, string>();

/** Walks the provider's pages as a browser, fills in the form, and returns where it is sent in the end. */
const authorize = async (
  startUrl: string,
  email: string,
  password: string,
  { jar = newJar(), newPassword = '' } = {},
) => {
  let url = startUrl;
  let form: URLSearchParams | undefined;
  for (let hop = 0; hop < 8; hop++) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
      jar.set(name, value);
    }
    const location = response.headers.get('location');
    if (!location) {
      const asksNew = (await response.text()).includes('new_password');
      if (form && !(asksNew && newPassword && !form.has('new_password')))
        return new URL(`http://localhost:1/refused?status=${response.status}${asksNew ? '&new' : ''}`);
      form = new URLSearchParams({
        email,
        password,
        ...(asksNew && { new_password: newPassword }),
      });
      continue;
    }
    form = undefined;
    url = new URL(location, url).href;
    if (url.startsWith(redirectUri)) return new URL(url);
  }
  throw new Error('the provider never sent the browser back');
};
const begin = async () => (await oidcProvider(provider.issuer, 'console').begin(redirectUri)).url;

describe('the local identity provider', () => {
  it('signs a demo account in through the relying party of the product', async () => {
    const party = oidcProvider(provider.issuer, 'console');
    const beganMs = Date.now();
    const begun = await party.begin(redirectUri);
    const back = await authorize(begun.url, 'operator@demo.local', 'operator-demo');
    const identity = await party.complete(back, begun);
    expect(identity).toEqual({
      subject: 'operator@demo.local',
      name: 'Oskar Operator',
      email: 'operator@demo.local',
      isEmailVerified: true,
      authenticatedAtMs: expect.any(Number),
      granted: {
        userId: 7,
        tenantId: 'demo',
        role: 'mining_site_owner',
        duty: 'operator',
        siteIds: 'all',
        customerIds: undefined,
      },
    });
    expect(identity.authenticatedAtMs).toBeGreaterThanOrEqual(Math.floor(beganMs / 1000) * 1000);
  });

  it('asks anew each time, so that a sign-in proves that somebody is there', async () => {
    const jar = newJar();
    for (let time = 0; time < 2; time++)
      expect(
        (await authorize(await begin(), 'client@demo.local', 'client-demo', { jar })).searchParams.has(
          'code',
        ),
      ).toBe(true);
    expect((await authorize(await begin(), 'client@demo.local', '', { jar })).search).toBe('?status=401');
  });

  it('gives the relying party nothing for a wrong password', async () => {
    expect((await authorize(await begin(), 'operator@demo.local', 'wrong')).search).toBe('?status=401');
  });

  it('is refused when the answer belongs to another sign-in', async () => {
    const party = oidcProvider(provider.issuer, 'console');
    const [mine, other] = [await party.begin(redirectUri), await party.begin(redirectUri)];
    const back = await authorize(other.url, 'admin@demo.local', 'admin-demo');
    await expect(party.complete(back, mine)).rejects.toThrow();
    await expect(party.complete(back, { ...other, nonce: mine.nonce })).rejects.toThrow();
  });

  it('redirects nowhere but to the registered address', async () => {
    const begun = await oidcProvider(provider.issuer, 'console').begin('http://evil.example/auth/callback');
    expect((await fetch(begun.url, { redirect: 'manual' })).status).toBe(400);
  });

  it('shuts out who guesses, and not who has signed in from the same browser before', async () => {
    const [email, password] = ['manager@demo.local', 'manager-demo'];
    const own = newJar();
    expect((await authorize(await begin(), email, password, { jar: own })).searchParams.has('code')).toBe(
      true,
    );
    for (let guess = 0; guess < 5; guess++)
      expect((await authorize(await begin(), email, `guess-${guess}`)).search).toBe('?status=401');
    expect((await authorize(await begin(), email, password)).search).toBe('?status=429');
    expect((await authorize(await begin(), email, password, { jar: own })).searchParams.has('code')).toBe(
      true,
    );
    expect((await authorize(await begin(), 'admin@demo.local', 'admin-demo')).searchParams.has('code')).toBe(
      true,
    );
  });

  it('lets an invited person in by the letter, once a password is chosen', async () => {
    const email = 'newcomer@mine.example';
    const letter = readFileSync(accounts.create(email, 'Nora Newcomer'), 'utf8');
    const [, temporary = ''] = /temporary password (\S+)/.exec(letter) ?? [];
    expect((await authorize(await begin(), email, temporary)).search).toBe('?status=200&new');
    const party = oidcProvider(provider.issuer, 'console');
    const begun = await party.begin(redirectUri);
    const back = await authorize(begun.url, email, temporary, { newPassword: 'a long new password' });
    expect(await party.complete(back, begun)).toMatchObject({ email, isEmailVerified: true });
    expect((await authorize(await begin(), email, temporary)).search).toBe('?status=401');
    const again = openAccounts(stateDir);
    expect([again.isPassword(email, 'a long new password'), again.mustChange(email)]).toEqual([true, false]);
    accounts.disable(email);
    expect((await authorize(await begin(), email, 'a long new password')).search).toBe('?status=401');
  });
});
