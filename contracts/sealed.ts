import * as z from 'zod';
import { gatewayId, siteId, tenantId } from './identifiers.ts';

/** Where the key lies that wraps a data key (`000` §6.1). */
export const keyProviders = ['aws-kms', 'gcp-kms', 'azure-key-vault', 'pkcs11', 'local'] as const;
export type KeyProvider = (typeof keyProviders)[number];

/** What a sealed value is for; a value sealed for one purpose opens for no other. */
export const sealingPurposes = [
  'miner-access',
  'inventory-backup',
  'device-private-key',
  'pool-password',
] as const;

/** The encryption context: whose value it is, where, and what for. It is authenticated, not stored. */
export const sealingContext = z.strictObject({
  tenant: tenantId.optional(),
  site: siteId,
  gateway: gatewayId.optional(),
  purpose: z.enum(sealingPurposes),
});
export type SealingContext = z.infer<typeof sealingContext>;

/** Base64 that has exactly one spelling, so that no altered text stands for the same bytes. */
const exactBase64 = z.base64().min(1).refine(isExact, 'must be canonical base64');

/** `QQ==` and `QR==` decode alike: what a text spells must be what its bytes spell. */
function isExact(text: string) {
  const spare = text.endsWith('==') ? 0b1111 : text.endsWith('=') ? 0b11 : 0;
  const last = text.replace(/=+$/, '').at(-1) ?? '';
  return ('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.indexOf(last) & spare) === 0;
}

/** A data key as it is stored: wrapped by a key that never leaves its provider. */
export const wrappedKey = z.strictObject({
  provider: z.enum(keyProviders),
  /** The wrapping key as its provider names it, with its version where the provider asks for it. */
  key_id: z.string().min(1).max(512),
  wrapped_key: exactBase64.max(8_192),
});
export type WrappedKey = z.infer<typeof wrappedKey>;

/**
 * A value under a data key of its own or of its batch: AES-256-GCM, 12 bytes of nonce, the tag behind the ciphertext, the
 * version and the context authenticated. Rewrapping replaces `provider`, `key_id` and `wrapped_key` and nothing else.
 * `context_hash` (SHA-256, hex) says early that a value is opened under another context; the ciphertext says it for sure.
 */
export const sealedValue = wrappedKey.extend({
  version: z.literal(1),
  nonce: exactBase64.length(16),
  ciphertext: exactBase64.max(400_000),
  context_hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type SealedValue = z.infer<typeof sealedValue>;

/**
 * What the cloud hands to one gateway without being able to read it again: RFC 9180 HPKE in base mode with
 * DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, to the key that the gateway announced. `info` is the context.
 */
export const sealedForGateway = z.strictObject({
  version: z.literal(1),
  /** The first 16 hex digits of SHA-256 of the gateway's public key. */
  key_id: z.string().regex(/^[0-9a-f]{16}$/),
  /** The ephemeral public key, 32 bytes. */
  enc: exactBase64.length(44),
  ciphertext: exactBase64.max(2_048),
});
export type SealedForGateway = z.infer<typeof sealedForGateway>;

/** A context as the bytes that are authenticated: every member in a fixed order, so that its spelling cannot vary. */
export const contextText = ({ tenant, site, gateway, purpose }: SealingContext) =>
  JSON.stringify(['hashinsight-sealed', 1, tenant ?? null, site, gateway ?? null, purpose]);
