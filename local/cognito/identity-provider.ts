import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import * as z from 'zod';
import { accountOf, authenticate } from './accounts.ts';
import { loginPage } from './login-page.ts';
import { memoryAdapter } from './memory-adapter.ts';

export type IdentityProviderOptions = {
  readonly stateDir: string;
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

/**
 * An OpenID Connect provider on loopback that stands in for a Cognito user pool: authorization code with PKCE, a
 * sign-in form, and Cognito's claim names. Consent is implied: there is one client and it is ours.
 */
export const startIdentityProvider = async ({
  stateDir,
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
    claims: { openid: ['sub', ...customClaims], profile: ['name'], email: ['email'] },
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
    findAccount: (_context, email) => {
      const account = accountOf(email);
      return (
        account && {
          accountId: email,
          claims: () => ({
            sub: email,
            email: account.email,
            name: account.name,
            'custom:user_id': String(account.userId),
            'custom:tenant_id': account.tenantId,
            'custom:role': account.role,
            ...(account.duty && { 'custom:duty': account.duty }),
            'custom:site_ids': account.siteIds,
            ...(account.customerIds && { 'custom:customer_ids': account.customerIds }),
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

  const interact = async (request: IncomingMessage, response: ServerResponse) => {
    const page = (failed: boolean) => {
      response.writeHead(failed ? 401 : 200, {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
      });
      response.end(loginPage(request.url ?? '', failed));
    };
    const { prompt } = await provider.interactionDetails(request, response);
    if (request.method !== 'POST' || prompt.name !== 'login') return page(false);
    const form = await readForm(request);
    const account = authenticate(form.get('email') ?? '', form.get('password') ?? '');
    if (!account) return page(true);
    return provider.interactionFinished(
      request,
      response,
      { login: { accountId: account.email } },
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
