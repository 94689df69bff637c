import * as z from 'zod';
import { zoneBinding } from './gateway-keys.ts';
import { gatewayId, siteId, siteIdText, utcTime } from './identifiers.ts';

const displayName = z.string().trim().min(1).max(120);
const claimId = z.string().regex(/^[0-9a-f]{16}$/, 'must be a claim id');
const reason = z.string().trim().min(1).max(300);

export const newGateway = z.strictObject({
  gateway_id: gatewayId,
  name: displayName,
  zone_ids: zoneBinding.optional(),
});
export const gateway = z.strictObject({
  gateway_id: gatewayId,
  name: displayName,
  site_id: siteId,
  /** `registering`: named, and without credentials so far. `revoked` ends it for good, unless a claim registers it anew. */
  status: z.enum(['registering', 'active', 'revoked']),
  zone_ids: zoneBinding,
  key_id: z.string(),
  created_at: utcTime,
  generation: z.int().nonnegative(),
  issued_at: utcTime.optional(),
  token_expires_at: utcTime.optional(),
  /** New credentials were given out and have not been used yet. */
  rotating: z.boolean(),
  rotation_requested: z.boolean(),
});
export type Gateway = z.infer<typeof gateway>;

/** Shown once, when the gateway is registered; none of the keys can be read again. */
export const gatewayCredentials = z.strictObject({
  certificate_pem: z.string(),
  private_key_pem: z.string(),
  mqtt_host: z.string(),
  mqtt_port: z.int(),
  hmac_key_id: z.string(),
  /** Base64 of 32 random bytes. */
  hmac_secret: z.base64(),
  device_token: z.string(),
  rotate_at: utcTime,
  token_expires_at: utcTime,
});

export const gatewaySite = z.strictObject({ site_id: siteIdText });
export const gatewayPath = z.strictObject({ site_id: siteIdText, gateway_id: gatewayId });
export const gatewaysAnswer = z.strictObject({ gateways: z.array(gateway), count: z.int() });
export const gatewayView = z.strictObject({ gateway });
export const gatewayAnswer = z.strictObject({ gateway, credentials: gatewayCredentials });

export const newClaim = z.strictObject({
  gateway_id: gatewayId,
  name: displayName,
  /** Left out: all, or those of a gateway that is there already. */
  zone_ids: zoneBinding.optional(),
  /** Up to 30 days. */
  valid_for_hours: z.int().min(1).max(720).default(72),
  /** With a claim certificate, for a gateway that registers over MQTT. */
  with_certificate: z.boolean().default(false),
});
export const claim = z.strictObject({
  claim_id: claimId,
  site_id: siteId,
  gateway_id: gatewayId,
  name: displayName,
  zone_ids: zoneBinding,
  status: z.enum(['open', 'used', 'withdrawn', 'expired']),
  created_at: utcTime,
  expires_at: utcTime,
  used_at: utcTime.optional(),
});
export type Claim = z.infer<typeof claim>;
/** Shown once. */
export const claimSecret = z.strictObject({
  code: z.string(),
  /** With `with_certificate`: opens nothing but the registration over MQTT, under the client id `claim-<claim id>`. */
  certificate: z
    .strictObject({
      certificate_pem: z.string(),
      private_key_pem: z.string(),
      mqtt_host: z.string(),
      mqtt_port: z.int(),
      template: z.string(),
    })
    .optional(),
});
export const claimAnswer = z.strictObject({ claim, secret: claimSecret });
export const claimView = z.strictObject({ claim });
export const claimsAnswer = z.strictObject({ claims: z.array(claim), count: z.int() });
export const claimPath = z.strictObject({ site_id: siteIdText, claim_id: claimId });

export const rebindRequest = z.strictObject({ zone_ids: zoneBinding });
export const revokeRequest = z.strictObject({ reason });
