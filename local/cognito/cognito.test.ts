import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oidcProvider } from '../../lambdas/identity/identity-provider.ts';
import { startIdentityProvider } from './identity-provider.ts';

const redirectUri = 'http://localhost:1/auth/callback';
let provider: Awaited<ReturnType<typeof startIdentityProvider>>;
beforeAll(async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'cognito-'));
  provider = await startIdentityProvider({
    stateDir,
    port: 0,
    clientId: 'console',
    redirectUris: [redirectUri],
  });
});
afterAll(() => provider.close());

/** Walks the provider's pages as a browser, fills in the form, and returns where it is sent in the end. */
const authorize = async (startUrl: string, email: string, password: string) => {
  const cookies = new Map<string, string>();
  let url = startUrl;
  let form: URLSearchParams | undefined;
  for (let hop = 0; hop < 8; hop++) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (!location) {
      if (form) return new URL(`http://localhost:1/refused?status=${response.status}`);
      form = new URLSearchParams({ email, password });
      continue;
    }
    form = undefined;
    url = new URL(location, url).href;
    if (url.startsWith(redirectUri)) return new URL(url);
  }
  throw new Error('the provider never sent the browser back');
};

describe('the local identity provider', () => {
  it('signs a demo account in through the relying party of the product', async () => {
    const party = oidcProvider(provider.issuer, 'console');
    const begun = await party.begin(redirectUri);
    const back = await authorize(begun.url, 'operator@demo.local', 'operator-demo');
    await expect(party.complete(back, begun)).resolves.toEqual({
      userId: 7,
      name: 'Oskar Operator',
      tenantId: 'demo',
      role: 'mining_site_owner',
      duty: 'operator',
      siteIds: 'all',
    });
  });

  it('gives the relying party nothing for a wrong password', async () => {
    const begun = await oidcProvider(provider.issuer, 'console').begin(redirectUri);
    expect((await authorize(begun.url, 'operator@demo.local', 'wrong')).search).toBe('?status=401');
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
});
