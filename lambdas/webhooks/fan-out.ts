import type { DomainEvent } from '../../contracts/domain-event.ts';
import { matchesAny } from '../../contracts/event-filter.ts';
import type { Clock } from '../shared/clock.ts';
import { type DeliveryRecord, newDelivery } from './delivery.ts';
import type { DeliveryRef } from './delivery-repository.ts';
import type { Endpoint } from './endpoint.ts';

export type FanOutDeps = {
  readonly listEndpoints: (siteId: number) => Promise<readonly Endpoint[]>;
  readonly insert: (delivery: DeliveryRecord, nowMs: number) => Promise<boolean>;
  readonly requestAttempt: (ref: DeliveryRef, delayMs: number) => Promise<void>;
  readonly clock: Clock;
};

/**
 * Makes one delivery of an event for each endpoint of its site that asked for its type, and asks for the first attempts. An
 * event that comes again makes none again; an attempt asked for twice is made once. Answers how many are new.
 */
export const fanOut =
  ({ listEndpoints, insert, requestAttempt, clock }: FanOutDeps) =>
  async (event: DomainEvent): Promise<number> => {
    const endpoints = await listEndpoints(event.site_id);
    const hearing = endpoints.filter(
      ({ enabled, tenantId, eventTypes }) =>
        enabled && tenantId === event.tenant_id && matchesAny(eventTypes, event.type),
    );
    const made = await Promise.all(
      hearing.map(async ({ siteId, webhookId }) => {
        const nowMs = clock.nowMs();
        const delivery = newDelivery(event, webhookId, nowMs);
        const isNew = await insert(delivery, nowMs);
        await requestAttempt({ siteId, webhookId, deliveryId: delivery.deliveryId }, 0);
        return isNew;
      }),
    );
    return made.filter(Boolean).length;
  };
