import type { Device } from '../../contracts/gateway-keys.ts';
import type { Clock } from '../shared/clock.ts';
import { type GatewayRecord, tokenUse } from './gateway.ts';
import { byGateway, gatewayEvent } from './gateway-events.ts';
import type { ClaimDeps } from './register-by-claim.ts';
import { hashOf, placeOfToken } from './secrets.ts';

export type AuthenticateDeps = Pick<ClaimDeps, 'readGateway' | 'replaceGateway'> & { readonly clock: Clock };

const attempts = 5;
const bearer = /^Bearer ([\x21-\x7e]{1,256})$/i;

/**
 * The gateway behind an `Authorization` header, or undefined. The first use of the next token retires the one before it, and the
 * command secret before it, in the same write.
 */
export const authenticateDevice =
  ({ readGateway, replaceGateway, clock }: AuthenticateDeps) =>
  async (authorization: string | undefined): Promise<Device | undefined> => {
    const token = bearer.exec(authorization ?? '')?.[1];
    const place = token === undefined ? undefined : placeOfToken(token);
    if (token === undefined || !place) return undefined;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const record: GatewayRecord | undefined = await readGateway(place.siteId, place.gatewayId);
      if (!record) return undefined;
      const use = tokenUse(record, hashOf(token), clock.nowMs());
      if (use.kind === 'refused') return undefined;
      if (use.kind === 'taken_up') {
        const event = gatewayEvent(record, byGateway(record.gateway_id), 'gateway.credentials.taken_up', {
          generation: use.record.generation,
        });
        if (!(await replaceGateway(use.record, [event], []))) continue;
      }
      const { tenant_id, site_id, gateway_id, zone_ids } = record;
      return { tenantId: tenant_id, siteId: site_id, gatewayId: gateway_id, zoneIds: zone_ids };
    }
    throw new Error(`The record of gateway ${place.gatewayId} stayed contended over ${attempts} attempts`);
  };
