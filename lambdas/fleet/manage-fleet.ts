import { type Principal, reachesSite } from '../../contracts/access.ts';
import type { Site } from '../../contracts/api-fleet.ts';
import type { CommitResult } from '../audit/commit-with-audit.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { NewMiner, Owner } from './fleet-repository.ts';

export const siteNotFound = fail('not_found', 'Site not found');

/**
 * The site as this principal may know it. Another tenant's site, or one outside the account's list, is not found: its
 * existence is nobody's business.
 */
export const reachSite =
  (readSite: (tenantId: string, siteId: number) => Promise<Site | undefined>) =>
  async (who: Principal, siteId: number): Promise<Result<{ site: Site; owner: Owner }>> => {
    const site = reachesSite(who, siteId) ? await readSite(who.tenantId, siteId) : undefined;
    return site ? succeed({ site, owner: { tenantId: who.tenantId, siteId } }) : siteNotFound;
  };

export type RegisterMinersDeps = {
  readonly missingPlaces: (
    siteId: number,
    zoneIds: string[],
    gatewayIds: string[],
  ) => Promise<{ zones: string[]; gateways: string[] }>;
  readonly insertMiners: (owner: Owner, miners: readonly NewMiner[]) => Promise<CommitResult>;
};

/** Registers all miners or none. Names the first zone, gateway or miner id that stands in the way. */
export const registerMiners =
  ({ missingPlaces, insertMiners }: RegisterMinersDeps) =>
  async (owner: Owner, miners: readonly NewMiner[]): Promise<Result<readonly NewMiner[]>> => {
    const ids = miners.map(({ miner_id }) => miner_id);
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (twice) return fail('validation_failed', `miner_id ${twice} appears twice`);
    const { zones, gateways } = await missingPlaces(
      owner.siteId,
      miners.map(({ zone_id }) => zone_id),
      miners.map(({ gateway_id }) => gateway_id),
    );
    if (zones[0]) return fail('validation_failed', `zone_id ${zones[0]} is not a zone of this site`);
    if (gateways[0])
      return fail('validation_failed', `gateway_id ${gateways[0]} is not a gateway of this site`);
    const committed = await insertMiners(owner, miners);
    if (!committed.ok) return fail('conflict', `miner_id ${ids[committed.conflict]} exists already`);
    return succeed(miners);
  };
