import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { EventPayload } from '../../contracts/event-catalogue.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import type { Endpoint } from './endpoint.ts';

export type Actor = Pick<NewDomainEvent, 'actor_type' | 'actor_id'>;
export const webhooksActor: Actor = { actor_type: 'system', actor_id: 'webhooks' };

type OwnType = Extract<Parameters<typeof stateEvent>[0]['type'], `webhooks.${string}`>;

/** States an event about an endpoint. */
export const endpointEvent = <T extends OwnType>(
  { tenantId, siteId, webhookId }: Pick<Endpoint, 'tenantId' | 'siteId' | 'webhookId'>,
  actor: Actor,
  type: T,
  payload: Omit<EventPayload<T>, 'webhook_id'>,
): NewDomainEvent =>
  stateEvent({
    ...actor,
    tenant_id: tenantId,
    site_id: siteId,
    type,
    ref_type: 'webhook',
    ref_id: webhookId,
    payload: { webhook_id: webhookId, ...payload } as EventPayload<T>,
  });
