import * as z from 'zod';
import { zoneBinding } from './gateway-keys.ts';
import { gatewayId } from './identifiers.ts';

/** Payloads of the events about what gateways are let in with, by detail-type. */
export const gatewayEvents = {
  /** Somebody may register this gateway, once. */
  'gateway.claim.created': z.object({ gateway_id: gatewayId, claim_id: z.string() }),
  'gateway.claim.used': z.object({ gateway_id: gatewayId, claim_id: z.string() }),
  'gateway.claim.ended': z.object({
    gateway_id: gatewayId,
    claim_id: z.string(),
    because: z.enum(['withdrawn', 'expired']),
  }),
  /** A set of credentials was given out. It counts from its first use on; what was there before counts until then. */
  'gateway.credentials.issued': z.object({
    gateway_id: gatewayId,
    generation: z.int(),
    because: z.enum(['registration', 'rotation']),
    certificate_id: z.string().optional(),
  }),
  /** The first use of a set: the token and the secret before it are gone. */
  'gateway.credentials.taken_up': z.object({ gateway_id: gatewayId, generation: z.int() }),
  /** The first connection with a certificate: those before it are gone. */
  'gateway.certificate.retired': z.object({
    gateway_id: gatewayId,
    used_certificate_id: z.string(),
    retired_certificate_ids: z.array(z.string()),
  }),
  'gateway.rotation.requested': z.object({ gateway_id: gatewayId }),
  'gateway.zones.bound': z.object({
    gateway_id: gatewayId,
    zone_ids: zoneBinding,
  }),
  'gateway.access.revoked': z.object({ gateway_id: gatewayId, reason: z.string() }),
} as const;
