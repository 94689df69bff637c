import type { AuditStore } from '../audit/commit-with-audit.ts';
import { type FleetStore, fleetKeys } from '../fleet/fleet-keys.ts';

/** Gateways lie beside their sites in the fleet table, whose readers need to know that they are there. */
export type GatewayStore = FleetStore & AuditStore;

export const claimEnds = 'CLAIM_ENDS';

export const gatewayKeys = {
  gateway: fleetKeys.gateway,
  /** A gateway's name is that of an IoT thing, so it is unique over all sites. */
  name: fleetKeys.gatewayName,
  claim: (siteId: number, claimId: string) => ({ pk: `SITE#${siteId}`, sk: `CLAIM#${claimId}` }),
  /** Of which site a claim is. */
  claimPlace: (claimId: string) => ({ pk: `CLAIM#${claimId}`, sk: 'SITE' }),
  /** Claims by the time at which they end, until that has been seen to. */
  claimEnd: (expiresAtMs: number, claimId: string) => ({
    pk: claimEnds,
    sk: `${String(expiresAtMs).padStart(15, '0')}#${claimId}`,
  }),
};
