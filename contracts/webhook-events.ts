import * as z from 'zod';
import { epochMs } from './identifiers.ts';

/** Payloads of what happens to webhooks, for contracts/event-catalogue.ts. */
export const webhookEvents = {
  'webhooks.endpoint.created': z.object({ webhook_id: z.string(), event_types: z.array(z.string()) }),
  /** Which of `url`, `event_types` and `description` are new; the values are in the API. */
  'webhooks.endpoint.changed': z.object({ webhook_id: z.string(), fields: z.array(z.string()) }),
  'webhooks.endpoint.enabled': z.object({ webhook_id: z.string() }),
  'webhooks.endpoint.disabled': z.object({
    webhook_id: z.string(),
    /** `gone`: it answered 410. `failing`: it took nothing for days. */
    reason: z.enum(['person', 'gone', 'failing']),
    failing_since_ms: epochMs.optional(),
  }),
  'webhooks.endpoint.removed': z.object({ webhook_id: z.string() }),
  'webhooks.endpoint.secret_rotated': z.object({ webhook_id: z.string(), old_until_ms: epochMs }),
  /** Asked for by a person, to see whether messages arrive. */
  'webhooks.endpoint.pinged': z.object({ webhook_id: z.string() }),
  'webhooks.endpoint.replayed': z.object({
    webhook_id: z.string(),
    /** One delivery, or everything of a time. */
    delivery_id: z.string().optional(),
    from_ms: epochMs.optional(),
    to_ms: epochMs.optional(),
  }),
} as const;
