import type { Principal } from '../../contracts/access.ts';
import type { DomainEvent, NewDomainEvent } from '../../contracts/domain-event.ts';
import type { Clock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type DeliveryRecord, newDelivery } from './delivery.ts';
import type { DeliveryRef } from './delivery-repository.ts';
import type { Endpoint } from './endpoint.ts';
import { actorOf } from './manage-endpoints.ts';
import { endpointEvent } from './webhook-events.ts';

export type PingDeps = {
  /** Records the event and answers with it as it was recorded. */
  readonly note: (items: readonly [], event: NewDomainEvent) => Promise<DomainEvent>;
  readonly insert: (delivery: DeliveryRecord, nowMs: number) => Promise<boolean>;
  readonly requestAttempt: (ref: DeliveryRef, delayMs: number) => Promise<void>;
  readonly clock: Clock;
};

/**
 * Sends a test event to one endpoint, whatever types it asked for. The event is a recorded one like any other; where the
 * endpoint asked for it, too, the bus brings it again and it stays one delivery.
 */
export const pingEndpoint =
  ({ note, insert, requestAttempt, clock }: PingDeps) =>
  async (who: Principal, endpoint: Endpoint): Promise<Result<{ delivery_id: string }>> => {
    if (!endpoint.enabled) return fail('invalid_state', 'The webhook is disabled; enable it first');
    const event = await note([], endpointEvent(endpoint, actorOf(who), 'webhooks.endpoint.pinged', {}));
    const nowMs = clock.nowMs();
    const { siteId, webhookId } = endpoint;
    const delivery = newDelivery(event, webhookId, nowMs);
    await insert(delivery, nowMs);
    await requestAttempt({ siteId, webhookId, deliveryId: delivery.deliveryId }, 0);
    return succeed({ delivery_id: delivery.deliveryId });
  };
