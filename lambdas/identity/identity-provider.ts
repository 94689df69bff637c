import * as openid from 'openid-client';
import * as z from 'zod';
import { duties, roles } from '../../contracts/access.ts';
import { customerId, tenantId, userId } from '../../contracts/identifiers.ts';
import type { UserRef } from './identity-keys.ts';
import type { UserAccess } from './user.ts';

/** Who came back from the identity provider. It proves who somebody is; what they may do, the directory says. */
export type Identity = {
  readonly subject: string;
  readonly name: string;
  readonly email?: string | undefined;
  readonly isEmailVerified: boolean;
  /** When the person last proved to be there. Without it a sign-in counts as no step-up. */
  readonly authenticatedAtMs?: number | undefined;
  /**
   * The rights that the provider's administrator gave the account, as custom attributes that only administrators may write.
   * They count for its first sign-in: so a tenant gets its first owner. Everybody else is invited.
   */
  readonly granted?: (UserRef & UserAccess) | undefined;
};

/** What an OpenID Connect provider must offer to a sign-in: where to send the browser, and who came back. */
export type IdentityProvider = {
  readonly begin: (
    redirectUri: string,
  ) => Promise<{ url: string; state: string; codeVerifier: string; nonce: string }>;
  /** Throws where the answer is not genuine: wrong state, nonce, issuer, signature, audience, or a refused code. */
  readonly complete: (
    callbackUrl: URL,
    expected: { state: string; codeVerifier: string; nonce: string },
  ) => Promise<Identity>;
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

const identityClaims = z.object({
  sub: z.string().min(1),
  name: z.string().min(1).max(120),
  email: z.email().optional(),
  email_verified: z.boolean().optional(),
  auth_time: z.int().positive().optional(),
});
const grantClaims = z.object({
  'custom:user_id': z
    .string()
    .regex(/^[1-9]\d{0,8}$/)
    .transform(Number)
    .pipe(userId),
  'custom:tenant_id': tenantId,
  'custom:role': z.enum(roles).exclude(['guest']),
  'custom:duty': z.enum(duties).optional(),
  'custom:site_ids': siteIds,
  'custom:customer_ids': customerIds.optional(),
});

/** The claims of an ID token. Throws where they are no identity, or only half a grant. */
export const toIdentity = (idTokenClaims: unknown): Identity => {
  const { sub, name, email, email_verified, auth_time } = identityClaims.parse(idTokenClaims);
  const isGranted = z.looseObject({ 'custom:role': z.unknown() }).safeParse(idTokenClaims).data?.[
    'custom:role'
  ];
  const grant = isGranted === undefined ? undefined : grantClaims.parse(idTokenClaims);
  return {
    subject: sub,
    name,
    email,
    isEmailVerified: email_verified === true,
    ...(auth_time !== undefined && { authenticatedAtMs: auth_time * 1000 }),
    ...(grant && {
      granted: {
        userId: grant['custom:user_id'],
        tenantId: grant['custom:tenant_id'],
        role: grant['custom:role'],
        duty: grant['custom:duty'],
        siteIds: grant['custom:site_ids'],
        customerIds: grant['custom:customer_ids'],
      },
    }),
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
        // Asks for the time of authentication in the ID token, by which a step-up is judged.
        max_age: '0',
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
      return toIdentity(tokens.claims());
    },
  };
};
