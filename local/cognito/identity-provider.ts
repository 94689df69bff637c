import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import * as z from 'zod';
import { withAttempts } from '../../lambdas/identity/attempts.ts';
import type { AccountStore } from './account-store.ts';
import type { Account } from './accounts.ts';
import { loginPage } from './login-page.ts';
import { memoryAdapter } from './memory-adapter.ts';
import { passwordAttempts } from './password-attempts.ts';

export type IdentityProviderOptions = {
  readonly stateDir: string;
  readonly accounts: AccountStore;
  readonly port: number;
  readonly clientId: string;
  readonly redirectUris: readonly string[];
};

const keyFile = z.object({ jwk: z.looseObject({ kty: z.string() }), cookieKey: z.string() });

/** Signing and cookie keys, made once and kept, so that a restart ends nobody's sign-in. */
const loadKeys = async (stateDir: string) => {
  const file = join(stateDir, 'keys.json');
  if (!existsSync(file)) {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = {
      ...(await exportJWK(privateKey)),
      use: 'sig',
      alg: 'RS256',
      kid: randomBytes(8).toString('hex'),
    };
    writeFileSync(file, JSON.stringify({ jwk, cookieKey: randomBytes(32).toString('base64url') }), {
      mode: 0o600,
    });
  }
  return keyFile.parse(JSON.parse(readFileSync(file, 'utf8')));
};

const readForm = async (request: IncomingMessage) => {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > 4096) return new URLSearchParams();
  }
  return new URLSearchParams(text);
};

const grantOf = (account: Account) => ({
  'custom:user_id': String(account.userId),
  'custom:tenant_id': account.tenantId,
  'custom:role': account.role,
  ...(account.duty && { 'custom:duty': account.duty }),
  'custom:site_ids': account.siteIds,
  ...(account.customerIds && { 'custom:customer_ids': account.customerIds }),
});

/** Marks a browser that has signed in as somebody before (OWASP, device cookies). */
const deviceCookie = 'idp_device';
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');
const deviceOf = ({ headers }: IncomingMessage) => {
  const [, token] = new RegExp(`(?:^|; *)${deviceCookie}=([\\w-]+)`).exec(headers.cookie ?? '') ?? [];
  return token && hashOf(token);
};

/**
 * An OpenID Connect provider on loopback that stands in for a Cognito user pool: authorization code with PKCE, a
 * sign-in form, and Cognito's claim names. Consent is implied: there is one client and it is ours.
 */
export const startIdentityProvider = async ({
  stateDir,
  accounts,
  port,
  clientId,
  redirectUris,
}: IdentityProviderOptions) => {
  const keys = await loadKeys(stateDir);
  const server = createServer();
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(port, '127.0.0.1', resolve),
  );
  const address = server.address();
  const issuer = `http://localhost:${typeof address === 'object' && address ? address.port : port}`;
  const customClaims = [
    'custom:user_id',
    'custom:tenant_id',
    'custom:role',
    'custom:duty',
    'custom:site_ids',
    'custom:customer_ids',
  ];
  const settings: Configuration = {
    adapter: memoryAdapter(),
    clients: [
      {
        client_id: clientId,
        redirect_uris: [...redirectUris],
        application_type: 'web',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [keys.jwk] },
    cookies: { keys: [keys.cookieKey] },
    pkce: { required: () => true },
    claims: { openid: ['sub', ...customClaims], profile: ['name'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    ttl: {
      Interaction: 600,
      Session: 8 * 3600,
      Grant: 8 * 3600,
      AccessToken: 3600,
      IdToken: 3600,
      AuthorizationCode: 60,
    },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, subject) => {
      const account = accounts.findBySubject(subject);
      return (
        account && {
          accountId: subject,
          claims: () => ({
            sub: subject,
            email: account.email,
            email_verified: true,
            name: account.name,
            ...(account.granted && grantOf(account.granted)),
          }),
        }
      );
    },
    loadExistingGrant: async (context) => {
      const accountId = context.oidc.session?.accountId;
      if (!accountId) return undefined;
      const grant = new context.oidc.provider.Grant({ clientId, accountId });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
  };
  const provider = new Provider(issuer, settings);
  const callback = provider.callback();

  const attempts = passwordAttempts();
  const interact = async (request: IncomingMessage, response: ServerResponse) => {
    const page = (status: number, shows: Parameters<typeof loginPage>[1]) => {
      response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
      response.end(loginPage(request.url ?? '', shows));
    };
    const { prompt } = await provider.interactionDetails(request, response);
    if (request.method !== 'POST' || prompt.name !== 'login') return page(200, 'form');
    const form = await readForm(request);
    const email = (form.get('email') ?? '').trim().toLowerCase();
    const judge = async () =>
      (accounts.isPassword(email, form.get('password') ?? '') && accounts.isEnabled(email)) || undefined;
    const passed = await withAttempts(attempts.of(email))(deviceOf(request), judge);
    if (!passed.ok) {
      const isLocked = passed.failure.code === 'too_many_requests';
      return page(isLocked ? 429 : 401, isLocked ? 'locked' : 'wrong');
    }
    if (accounts.mustChange(email)) {
      const chosen = form.get('new_password') ?? '';
      if (chosen.length < 12) return page(200, 'new password');
      accounts.setPassword(email, chosen);
    }
    const device = randomBytes(32).toString('base64url');
    attempts.remember(email, hashOf(device));
    response.setHeader(
      'set-cookie',
      `${deviceCookie}=${device}; Path=/interaction; Max-Age=15552000; HttpOnly; SameSite=Lax`,
    );
    return provider.interactionFinished(
      request,
      response,
      { login: { accountId: accounts.find(email)?.subject ?? email } },
      { mergeWithLastSubmission: false },
    );
  };

  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void callback(request, response);
    interact(request, response).catch(() => {
      response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(
        'This sign-in has expired; start again from the console. 登录已过期，请从控制台重新开始。',
      );
    });
  });
  return {
    issuer,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
