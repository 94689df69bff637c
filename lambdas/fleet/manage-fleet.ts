import { type Principal, reachesSite } from '../../contracts/access.ts';
import type { Site } from '../../contracts/api-fleet.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { Owner } from './fleet-repository.ts';

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
