import type { Site } from '../../contracts/api-fleet.ts';
import type { Clock } from '../shared/clock.ts';

type Deps = {
  readonly readGatewayOwner: (siteId: number, gatewayId: string) => Promise<{ tenantId: string } | undefined>;
  readonly readSite: (tenantId: string, siteId: number) => Promise<Pick<Site, 'time_zone'> | undefined>;
};

const freshMs = 60_000;

/** A site's time zone, kept for a minute; UTC where the gateway is no longer registered. */
export const siteTimeZone = ({ readGatewayOwner, readSite }: Deps, clock: Clock) => {
  const zones = new Map<number, { readonly readMs: number; readonly zone: string }>();
  return async (siteId: number, gatewayId: string): Promise<string> => {
    const known = zones.get(siteId);
    if (known && clock.nowMs() - known.readMs < freshMs) return known.zone;
    const owner = await readGatewayOwner(siteId, gatewayId);
    const site = owner && (await readSite(owner.tenantId, siteId));
    const zone = site?.time_zone ?? 'UTC';
    zones.set(siteId, { readMs: clock.nowMs(), zone });
    return zone;
  };
};
