import type { Principal } from '../../contracts/access.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { EventPayload, EventType } from '../../contracts/event-catalogue.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';

export type Actor = Pick<NewDomainEvent, 'actor_type' | 'actor_id'>;
export const byPerson = ({ userId }: Principal): Actor => ({ actor_type: 'user', actor_id: String(userId) });
export const byGateway = (gatewayId: string): Actor => ({ actor_type: 'device', actor_id: gatewayId });
export const bySystem: Actor = { actor_type: 'system', actor_id: 'gateway' };

type GatewayEventType = Extract<EventType, `gateway.${string}` | 'fleet.gateway.registered'>;
type Of = { readonly tenant_id: string; readonly site_id: number; readonly gateway_id: string };

/** States an event about a gateway. */
export const gatewayEvent = <T extends GatewayEventType>(
  { tenant_id, site_id, gateway_id }: Of,
  actor: Actor,
  type: T,
  payload: Omit<EventPayload<T>, 'gateway_id'>,
): NewDomainEvent =>
  stateEvent({
    ...actor,
    tenant_id,
    site_id,
    type,
    ref_type: 'gateway',
    ref_id: gateway_id,
    payload: { ...payload, gateway_id } as EventPayload<T>,
  });
