import * as z from 'zod';
import { zoneBinding } from '../../contracts/gateway-keys.ts';
import { epochMs, gatewayId, siteId, tenantId } from '../../contracts/identifiers.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { hashOf, sameHash } from './secrets.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** A one-time right to register one named gateway. Its first use binds it to the public key of whoever used it. */
export const claimRecord = z.object({
  claim_id: z.string(),
  code_hash: hash,
  tenant_id: tenantId,
  site_id: siteId,
  gateway_id: gatewayId,
  name: z.string(),
  zone_ids: zoneBinding,
  status: z.enum(['open', 'used', 'withdrawn', 'expired']),
  created_at_ms: epochMs,
  expires_at_ms: epochMs,
  /** The claim certificate, where it has one. */
  certificate_id: hash.optional(),
  public_key_hash: hash.optional(),
  used_at_ms: epochMs.optional(),
});
export type ClaimRecord = z.infer<typeof claimRecord>;

/** An answer that was lost may be asked for again so long, with the same key. */
export const repeatMs = 60 * 60_000;

/** One sentence for all that is wrong with a claim: a stranger learns nothing from it. */
export const claimRefused = fail('forbidden', 'Claim refused');

/**
 * Whether a claim lets this key register now. A used one does so for an hour more and for the key that used it alone, so that
 * a gateway whose answer was lost is not stranded, and a stolen copy opens nothing.
 */
export const judgeClaim = (
  record: ClaimRecord | undefined,
  code: string,
  publicKeyHash: string,
  nowMs: number,
): Result<ClaimRecord> => {
  const genuine = sameHash(record?.code_hash ?? '0'.repeat(64), hashOf(code));
  if (!record || !genuine) return claimRefused;
  if (record.status === 'open') return record.expires_at_ms > nowMs ? succeed(record) : claimRefused;
  const again =
    record.status === 'used' &&
    sameHash(record.public_key_hash ?? '', publicKeyHash) &&
    (record.used_at_ms ?? 0) + repeatMs > nowMs;
  return again ? succeed(record) : claimRefused;
};
