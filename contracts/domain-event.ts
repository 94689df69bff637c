import * as z from 'zod';
import { siteId, tenantId, utcTime } from './identifiers.ts';

/**
 * Every state change is one of these: recorded in the audit chain in the transaction that makes the change, and from
 * there published on the bus `hashinsight` (source `hashinsight.<context>`, detail-type `type`, detail: this object).
 * The catalogue of types and their payloads stands in contracts/event-catalogue.ts.
 */
export const domainEvent = z.strictObject({
  version: z.literal(1),
  event_id: z.string().regex(/^evt_[0-9a-f]{12,32}$/),
  tenant_id: tenantId,
  site_id: siteId,
  actor_type: z.enum(['user', 'device', 'system', 'ai']),
  actor_id: z.string().min(1).max(64),
  /** `<context>.<noun>.<verb>`, such as `control.command.dispatched`. */
  type: z.string().regex(/^[a-z]+(\.[a-z_]+){1,2}$/),
  ref_type: z.string().min(1).max(40),
  ref_id: z.string().min(1).max(128),
  payload: z.record(z.string(), z.json()),
  created_at: utcTime,
});
export type DomainEvent = z.infer<typeof domainEvent>;

/** What a use case states; the commit fills in the id, the time and the chain. */
export type NewDomainEvent = Omit<DomainEvent, 'version' | 'event_id' | 'created_at'>;
