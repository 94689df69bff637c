import { hasAccess, hasRank, hasScope, hasSteppedUp, type Principal } from '../../contracts/access.ts';
import type { Route } from '../../contracts/route.ts';
import { fail, type Result, succeed } from './result.ts';

/**
 * Refuses with `step_up_required` unless a person has proved to be there within the last five minutes: by signing in, or
 * with the second factor where the account has one. For what depends on more than the route, such as a critical command;
 * where every call of a route needs it, the route says `stepUp: true` instead.
 */
export const requireStepUp = (who: Principal, nowMs: number): Result<undefined> =>
  hasSteppedUp(who, nowMs)
    ? succeed(undefined)
    : fail('step_up_required', 'Confirm that it is you: enter a code, or sign in again');

/** May this principal call this route at all? The sentences are those of `001` §6 where it has one. */
export const admit = (
  { access }: Pick<Route, 'access'>,
  who: Principal | undefined,
  nowMs: number,
): Result<Principal | undefined> => {
  if (access === 'public') return succeed(who);
  if (!who || access === 'device') return fail('not_authenticated', 'Authentication required');
  const { module, level, rank } = access;
  if (who.awaitsCode && !access.beforeSecondFactor)
    return fail('second_factor_required', 'Enter the code of your second factor');
  if (rank && !hasRank(who, rank))
    return fail('forbidden', `${rank[0]?.toUpperCase()}${rank.slice(1)} access required`);
  if (!hasAccess(who.role, module, level))
    return fail('forbidden', `${level === 'full' ? 'Full' : 'Read'} access to ${module} required`);
  if (who.via === 'api_key') {
    if (access.person) return fail('forbidden', 'An API key cannot do this; sign in');
    if (!hasScope(who.scopes ?? [], module, level))
      return fail('forbidden', `The API key lacks the scope ${module}:${level}`);
  }
  if (access.stepUp) {
    const proven = requireStepUp(who, nowMs);
    if (!proven.ok) return proven;
  }
  return succeed(who);
};
