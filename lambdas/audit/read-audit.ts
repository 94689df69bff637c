import { hasAccess, type Principal, reachesSite } from '../../contracts/access.ts';
import type { AuditEventList, AuditVerification } from '../../contracts/api-audit.ts';
import { type Clock, toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { chainFaults } from './audit-chain.ts';
import type { LinkPage, RecordedHead } from './audit-repository.ts';
import { isTenantLog } from './tenant-log.ts';
import { type VerifySiteDeps, verifySite } from './verify-site.ts';

export type ReachDeps = { readonly readHead: (siteId: number) => Promise<RecordedHead> };

/**
 * The chain's head names the tenant. Another tenant's site and one outside the account's list are not found, like one
 * that does not exist. The tenant's own log is for those who manage its users.
 */
export const reachChain =
  ({ readHead }: ReachDeps) =>
  async (who: Principal, siteId: number): Promise<Result<undefined>> => {
    const reaches = isTenantLog(siteId) ? hasAccess(who.role, 'user', 'read') : reachesSite(who, siteId);
    const head = reaches ? await readHead(siteId) : undefined;
    return head?.tenant_id === who.tenantId ? succeed(undefined) : fail('not_found', 'Site not found');
  };

export type ListEventsDeps = ReachDeps & {
  readonly listLinks: (siteId: number, limit: number, cursor?: string) => Promise<LinkPage>;
};

/** A page of a site's events, newest first. */
export const listEvents =
  (deps: ListEventsDeps) =>
  async (who: Principal, siteId: number, limit: number, cursor?: string): Promise<Result<AuditEventList>> => {
    const reached = await reachChain(deps)(who, siteId);
    if (!reached.ok) return reached;
    const { links, nextCursor } = await deps.listLinks(siteId, limit, cursor);
    const events = links
      .filter(({ event }) => event.tenant_id === who.tenantId)
      .map(({ event, ...place }) => ({ ...event, ...place }));
    return succeed({ events, count: events.length, ...(nextCursor && { next_cursor: nextCursor }) });
  };

export type VerifyDeps = ReachDeps & VerifySiteDeps & { readonly clock: Clock };

/** Is a site's chain whole, and if not, where does it break? */
export const verify =
  (deps: VerifyDeps) =>
  async (who: Principal, siteId: number): Promise<Result<AuditVerification>> => {
    const reached = await reachChain(deps)(who, siteId);
    if (!reached.ok) return reached;
    const { recorded, verdict } = await verifySite(deps)(siteId);
    return succeed({
      site_id: siteId,
      intact: verdict.intact,
      length: recorded.seq,
      head: recorded.event_hash,
      checked_at: toUtc(deps.clock.nowMs()),
      ...(!verdict.intact && { fault: { seq: verdict.seq, reason: chainFaults[verdict.code] } }),
    });
  };
