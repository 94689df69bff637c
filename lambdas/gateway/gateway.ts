import * as z from 'zod';
import { type ZoneBinding, zoneBinding } from '../../contracts/gateway-keys.ts';
import { epochMs, gatewayId, siteId, tenantId, utcTime } from '../../contracts/identifiers.ts';
import { sameHash } from './secrets.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** A command secret, sealed, and the SHA-256 of a device token: given out together and taken up together. */
const keySet = z.object({
  generation: z.int().positive(),
  key_id: z.string().min(1).max(64),
  sealed_secret: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  token_hash: hash,
  issued_at_ms: epochMs,
  token_expires_at_ms: epochMs,
});
export type KeySet = z.infer<typeof keySet>;

/** A certificate that may be used, and the SHA-256 of its public key. */
const certificateRef = z.object({ certificate_id: hash, public_key_hash: hash });
export type CertificateRef = z.infer<typeof certificateRef>;

/**
 * A gateway as it is stored. The fields of the current key set stand at the top, `next` beside them until its token is used.
 * `certificates` are all that may be used, oldest first: the use of one retires those before it, never one after it, since
 * the gateway may hold nothing older any more. `version` makes every write conditional on the state that it was made from.
 */
export const gatewayRecord = z.object({
  gateway_id: gatewayId,
  name: z.string(),
  site_id: siteId,
  tenant_id: tenantId,
  status: z.enum(['registering', 'active', 'revoked']),
  zone_ids: zoneBinding,
  created_at: utcTime,
  version: z.int().nonnegative(),
  generation: z.int().nonnegative(),
  certificates: z.array(certificateRef).max(8),
  ...keySet.omit({ generation: true }).partial().shape,
  next: keySet.optional(),
  rotation_requested_ms: epochMs.optional(),
});
export type GatewayRecord = z.infer<typeof gatewayRecord>;

/** As many certificates may be used at once: the current one, and some of rotations that broke off. */
export const mostCertificates = 5;
export const tokenLifeMs = 90 * 24 * 3_600_000;
/** A set is to be replaced after two thirds of its life, so that an outage of a month does not outlive it. */
export const rotateAfterMs = 60 * 24 * 3_600_000;

export const newGatewayRecord = (
  { tenantId: tenant_id, siteId: site_id }: { readonly tenantId: string; readonly siteId: number },
  named: { readonly gateway_id: string; readonly name: string; readonly zone_ids: ZoneBinding },
  created_at: string,
): GatewayRecord => ({
  ...named,
  site_id,
  tenant_id,
  status: 'registering',
  created_at,
  version: 0,
  generation: 0,
  certificates: [],
});

/** Of every set ever given out the highest; what is given out next is one above. */
export const lastGeneration = ({ generation, next }: GatewayRecord) => next?.generation ?? generation;

/** Adds a certificate that may be used; one of the same key and id is there once. */
export const withCertificate = (record: GatewayRecord, added: CertificateRef): GatewayRecord => ({
  ...record,
  certificates: [
    ...record.certificates.filter(({ certificate_id }) => certificate_id !== added.certificate_id),
    added,
  ],
});

/**
 * Gives out a set. A gateway without one has it at once; else it is `next`, and takes the place of a `next` that nobody has used:
 * whoever asked for that one has not stored it, or would have asked with it.
 */
export const withKeySet = (record: GatewayRecord, set: KeySet): GatewayRecord => {
  const active = { ...record, status: 'active' as const };
  return record.token_hash === undefined ? { ...active, ...set } : { ...active, next: set };
};

export type TokenUse =
  | { readonly kind: 'refused'; readonly why: 'revoked' | 'unknown' | 'expired' }
  | { readonly kind: 'current' }
  /** The first use of the next token: the record as it is to be from now on. */
  | { readonly kind: 'taken_up'; readonly record: GatewayRecord };

/** What the use of a token means. Both are compared in any case, so that time does not tell which one is nearly right. */
export const tokenUse = (record: GatewayRecord, tokenHash: string, nowMs: number): TokenUse => {
  const isCurrent = sameHash(record.token_hash ?? '', tokenHash);
  const isNext = sameHash(record.next?.token_hash ?? '', tokenHash);
  if (record.status === 'revoked') return { kind: 'refused', why: 'revoked' };
  const expiresAtMs = isNext ? record.next?.token_expires_at_ms : record.token_expires_at_ms;
  if (!isCurrent && !isNext) return { kind: 'refused', why: 'unknown' };
  if (expiresAtMs === undefined || expiresAtMs <= nowMs) return { kind: 'refused', why: 'expired' };
  if (!isNext || !record.next) return { kind: 'current' };
  const { next, rotation_requested_ms: requestedMs, ...rest } = record;
  const open = requestedMs !== undefined && requestedMs > next.issued_at_ms;
  return {
    kind: 'taken_up',
    record: { ...rest, ...next, ...(open && { rotation_requested_ms: requestedMs }) },
  };
};

/** The use of a certificate: those before it are retired. Undefined where it retires nothing, or is not one of them. */
export const certificateUse = (
  record: GatewayRecord,
  certificateId: string,
): { readonly record: GatewayRecord; readonly retired: readonly CertificateRef[] } | undefined => {
  const at = record.certificates.findIndex(({ certificate_id }) => certificate_id === certificateId);
  if (at <= 0 || record.status !== 'active') return undefined;
  return {
    record: { ...record, certificates: record.certificates.slice(at) },
    retired: record.certificates.slice(0, at),
  };
};

/** Without keys, certificates and tokens: nothing that the gateway holds opens anything any more. */
export const revoked = (record: GatewayRecord): GatewayRecord => {
  const { gateway_id, name, site_id, tenant_id, zone_ids, created_at, version } = record;
  const generation = lastGeneration(record);
  const kept = { gateway_id, name, site_id, tenant_id, zone_ids, created_at, version, generation };
  return { ...kept, status: 'revoked', certificates: [] };
};

export const servesZone = (zones: ZoneBinding, zoneId: string) => zones === 'all' || zones.includes(zoneId);
