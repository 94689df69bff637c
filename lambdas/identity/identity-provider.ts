import * as openid from 'openid-client';
import * as z from 'zod';
import { duties, type Principal, roles } from '../../contracts/access.ts';
import { customerId, tenantId, userId } from '../../contracts/identifiers.ts';

/** What an OpenID Connect provider must offer to a sign-in: where to send the browser, and who came back. */
export type IdentityProvider = {
  readonly begin: (
    redirectUri: string,
  ) => Promise<{ url: string; state: string; codeVerifier: string; nonce: string }>;
  /** Throws where the answer is not genuine: wrong state, nonce, issuer, signature, audience, or a refused code. */
  readonly complete: (
    callbackUrl: URL,
    expected: { state: string; codeVerifier: string; nonce: string },
  ) => Promise<Principal>;
};

const siteIds = z.union([
  z.literal('all'),
  z
    .string()
    .regex(/^[1-9]\d*(,[1-9]\d*)*$/)
    .transform((text) => text.split(',').map(Number)),
]);

const customerIds = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(customerId));

/**
 * The claims that make an account a principal. They are custom attributes of the user pool (`custom:role` and so on),
 * which only administrators may write. An account without them cannot sign in.
 */
const claims = z.object({
  sub: z.string(),
  name: z.string().min(1).max(120),
  'custom:user_id': z
    .string()
    .regex(/^[1-9]\d*$/)
    .transform(Number)
    .pipe(userId),
  'custom:tenant_id': tenantId,
  'custom:role': z.enum(roles).exclude(['guest']),
  'custom:duty': z.enum(duties).optional(),
  'custom:site_ids': siteIds,
  'custom:customer_ids': customerIds.optional(),
});

export const toPrincipal = (idTokenClaims: unknown): Principal => {
  const parsed = claims.parse(idTokenClaims);
  return {
    userId: parsed['custom:user_id'],
    name: parsed.name,
    tenantId: parsed['custom:tenant_id'],
    role: parsed['custom:role'],
    ...(parsed['custom:duty'] && { duty: parsed['custom:duty'] }),
    siteIds: parsed['custom:site_ids'],
    ...(parsed['custom:customer_ids'] && { customerIds: parsed['custom:customer_ids'] }),
  };
};

/** Plain HTTP is for a provider on this very machine only, whose traffic leaves no wire (RFC 8252 §8.3). */
const isLoopback = (issuer: URL) =>
  issuer.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(issuer.hostname);

/** An OpenID Connect relying party with authorization code and PKCE, for Cognito or any other provider. */
export const oidcProvider = (issuerUrl: string, clientId: string): IdentityProvider => {
  const issuer = new URL(issuerUrl);
  let discovered: Promise<openid.Configuration> | undefined;
  const configuration = () => {
    discovered ??= openid
      .discovery(issuer, clientId, undefined, openid.None(), {
        execute: isLoopback(issuer) ? [openid.allowInsecureRequests] : [],
      })
      .catch((error: unknown) => {
        discovered = undefined;
        throw error;
      });
    return discovered;
  };
  return {
    begin: async (redirectUri) => {
      const codeVerifier = openid.randomPKCECodeVerifier();
      const state = openid.randomState();
      const nonce = openid.randomNonce();
      const url = openid.buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri,
        scope: 'openid profile email',
        code_challenge: await openid.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
        state,
        nonce,
        // Our session is what lasts, so the provider's must not bring back who has just signed out.
        prompt: 'login',
      });
      return { url: url.href, state, codeVerifier, nonce };
    },
    complete: async (callbackUrl, { state, codeVerifier, nonce }) => {
      const tokens = await openid.authorizationCodeGrant(await configuration(), callbackUrl, {
        pkceCodeVerifier: codeVerifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      return toPrincipal(tokens.claims());
    },
  };
};
