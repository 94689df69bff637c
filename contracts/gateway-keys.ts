import * as z from 'zod';
import { epochMs, gatewayId, siteId, tenantId, zoneId } from './identifiers.ts';

/** The zones of a site that a gateway may serve; `'all'` means every zone of its site. */
export const zoneBinding = z.union([z.literal('all'), z.array(zoneId).min(1).max(100)]);
export type ZoneBinding = z.infer<typeof zoneBinding>;

/** Which gateway asks, as the device authorizer establishes it from the bearer token and every edge route receives it. */
export const device = z.strictObject({ tenantId, siteId, gatewayId, zoneIds: zoneBinding });
export type Device = z.infer<typeof device>;

const secret = '[A-Za-z0-9_-]{43}';
/** `hid.<site>.<gateway>.<256 random bits>`: opens the edge API for that gateway alone. The cloud keeps its SHA-256. */
export const deviceToken = z
  .string()
  .regex(new RegExp(`^hid\\.[1-9][0-9]{0,8}\\.[A-Za-z0-9][A-Za-z0-9._-]{0,63}\\.${secret}$`));
/** `hic.<claim id>.<256 random bits>`: registers one gateway, once. The cloud keeps its SHA-256. */
export const claimCode = z.string().regex(new RegExp(`^hic\\.[0-9a-f]{16}\\.${secret}$`), 'must be a claim');

const pem = z.string().min(1).max(8_192);
/** A PKCS #10 request for the gateway's own key, which never leaves the gateway: EC on P-256 or P-384, or RSA of 2048 bits or more. */
export const csrPem = z
  .string()
  .max(4_096)
  .regex(/^-----BEGIN (NEW )?CERTIFICATE REQUEST-----\s/, 'must be a certificate signing request in PEM');

/**
 * What a gateway is given at its registration and at each rotation, and never again. Old and new are valid together: the first
 * request with the new token retires the old token and secret, the first connection with the new certificate the old one.
 */
export const gatewayCredentialSet = z.strictObject({
  /** Grows by one with every set. */
  generation: z.int().positive(),
  /** Absent where no request for one was sent along: the certificate stays then. */
  certificate: z
    .strictObject({ certificate_id: z.string().regex(/^[0-9a-f]{64}$/), certificate_pem: pem })
    .optional(),
  mqtt_host: z.string().min(1),
  mqtt_port: z.int().min(1).max(65_535),
  hmac_key_id: z.string().min(1).max(64),
  /** Base64 of 32 random bytes. */
  hmac_secret: z.base64(),
  device_token: deviceToken,
  issued_at_ms: epochMs,
  /** When the gateway should ask for the next set, and when the token ends. */
  rotate_at_ms: epochMs,
  token_expires_at_ms: epochMs,
});
export type GatewayCredentialSet = z.infer<typeof gatewayCredentialSet>;
