import { customersOf, type Principal } from '../../contracts/access.ts';
import type { Site } from '../../contracts/api-fleet.ts';
import { type Clock, toUtc } from '../shared/clock.ts';
import type { Result } from '../shared/result.ts';
import type { StoredMiner } from './fleet-keys.ts';
import { type Doing, userOf } from './life-cycle.ts';
import { reachSite } from './manage-fleet.ts';
import { ownerAt } from './ownership.ts';

export type Reached = { readonly site: Site; readonly doing: Doing };
/** Answers for a site that the caller reaches; others are not found. */
export type AtSite = <T>(
  who: Principal,
  siteId: number,
  answer: (reached: Reached) => Promise<Result<T>>,
) => Promise<Result<T>>;

export const atSiteOf =
  (readSite: (tenantId: string, siteId: number) => Promise<Site | undefined>, clock: Clock): AtSite =>
  async (who, siteId, answer) => {
    const reached = await reachSite(readSite)(who, siteId);
    if (!reached.ok) return reached;
    const doing = {
      tenantId: who.tenantId,
      siteId,
      by: userOf(who),
      now: toUtc(clock.nowMs()),
    };
    return answer({ site: reached.value.site, doing });
  };

/** The miners that a principal sees: all, or those that are its customers' now. */
export const seenBy = (
  who: Pick<Principal, 'role' | 'customerIds'>,
  nowMs: number,
): ((miner: Pick<StoredMiner, 'owners'>) => boolean) => {
  const customers = customersOf(who);
  return customers === 'all' ? () => true : ({ owners }) => customers.includes(ownerAt(owners, nowMs) ?? '');
};
