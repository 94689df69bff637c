import type { EventPayload, EventType } from '../../contracts/event-catalogue.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import { tenantLog } from '../audit/tenant-log.ts';
import type { UserAccess } from './user.ts';

/** Who did it: a user by number, or the system. */
export type Actor = { readonly actor_type: 'user' | 'system'; readonly actor_id: string };
export const byUser = ({ userId }: { readonly userId: number }): Actor => ({
  actor_type: 'user',
  actor_id: String(userId),
});

type IdentityEvent = Extract<EventType, `identity.${string}`>;

/** An event about a user, for the tenant's own log. */
export const userEvent = <T extends IdentityEvent>(
  tenantId: string,
  actor: Actor,
  type: T,
  payload: EventPayload<T>,
) =>
  stateEvent({
    ...actor,
    tenant_id: tenantId,
    site_id: tenantLog(tenantId),
    type,
    ref_type: 'user',
    ref_id: String(payload.user_id),
    payload,
  });

/** A user's rights as events state them. */
export const statedAccess = ({ role, duty, siteIds, customerIds }: UserAccess) => ({
  role,
  ...(duty && { duty }),
  site_ids: siteIds === 'all' ? siteIds : [...siteIds],
  ...(customerIds && { customer_ids: [...customerIds] }),
});
