import type { Claim, Gateway } from '../../contracts/api-gateways.ts';
import { toUtc } from '../shared/clock.ts';
import type { ClaimRecord } from './claim.ts';
import type { GatewayRecord } from './gateway.ts';

/** A gateway as the API shows it: nothing of its secrets. */
export const toGatewayView = (record: GatewayRecord): Gateway => ({
  gateway_id: record.gateway_id,
  name: record.name,
  site_id: record.site_id,
  status: record.status,
  zone_ids: record.zone_ids,
  key_id: record.key_id ?? '',
  created_at: record.created_at,
  generation: record.generation,
  ...(record.issued_at_ms !== undefined && { issued_at: toUtc(record.issued_at_ms) }),
  ...(record.token_expires_at_ms !== undefined && { token_expires_at: toUtc(record.token_expires_at_ms) }),
  rotating: record.next !== undefined || record.certificates.length > 1,
  rotation_requested: record.rotation_requested_ms !== undefined,
});

/** A claim as the API shows it; one whose time is over is expired, whether that has been noted or not. */
export const toClaimView = (claim: ClaimRecord, nowMs: number): Claim => ({
  claim_id: claim.claim_id,
  site_id: claim.site_id,
  gateway_id: claim.gateway_id,
  name: claim.name,
  zone_ids: claim.zone_ids,
  status: claim.status === 'open' && claim.expires_at_ms <= nowMs ? 'expired' : claim.status,
  created_at: toUtc(claim.created_at_ms),
  expires_at: toUtc(claim.expires_at_ms),
  ...(claim.used_at_ms !== undefined && { used_at: toUtc(claim.used_at_ms) }),
});
