import * as z from 'zod';
import { domainEvent } from '../../contracts/domain-event.ts';
import { type EventPayload, type EventType, eventPayloads } from '../../contracts/event-catalogue.ts';

const envelope = z.object({ 'detail-type': z.string(), detail: z.unknown() });

/** An EventBridge event as it lies in an SQS body (or is passed to a function): its type and its detail. */
export const parseBusEvent = (body: unknown) => {
  const { 'detail-type': type, detail } = envelope.parse(typeof body === 'string' ? JSON.parse(body) : body);
  return { type, detail };
};

/**
 * A domain event of one of the expected types with its payload parsed. Throws ZodError on a malformed event and Error
 * on a type that the rule should not have routed here.
 */
export const parseDomainEvent = <T extends EventType>(body: unknown, ...expected: readonly T[]) => {
  const { type, detail } = parseBusEvent(body);
  const found = expected.find((name) => name === type);
  if (!found) throw new Error(`Unexpected event type ${type}`);
  const event = domainEvent.parse(detail);
  const payload = eventPayloads[found].parse(event.payload) as EventPayload<T>;
  return { type: found, event, payload };
};
