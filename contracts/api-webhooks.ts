import * as z from 'zod';
import { eventFilter } from './event-filter.ts';
import { siteId, siteIdText, utcTime } from './identifiers.ts';
import { pageCursor } from './page-cursor.ts';

export const webhookId = z.string().regex(/^wh-[0-9a-f]{24}$/, 'must be a webhook id');
/** The event's time in 13 digits of milliseconds and its id: ids sort by time. */
export const deliveryId = z.string().regex(/^[0-9]{13}-evt_[0-9a-f]{12,32}$/, 'must be a delivery id');

const url = z.string().min(1).max(2_000);
const filters = z
  .array(eventFilter)
  .min(1)
  .max(50)
  .transform((list) => [...new Set(list)].toSorted());
const description = z.string().trim().max(200);

/** `POST /api/v1/webhooks`: an endpoint hears of one site; whoever wants several makes several. */
export const newWebhook = z.strictObject({
  site_id: siteId,
  url,
  event_types: filters,
  description: description.default(''),
});
/** `PATCH`: what is left out stays. Enabling forgets earlier failures. */
export const webhookChange = z
  .strictObject({
    site_id: siteId,
    url: url.optional(),
    event_types: filters.optional(),
    description: description.optional(),
    enabled: z.boolean().optional(),
  })
  .refine(({ site_id: _, ...change }) => Object.keys(change).length > 0, {
    error: 'must change something',
    path: ['url'],
  });
export const webhookOfSite = z.strictObject({ site_id: siteId });
/** The secrets of before stay valid for the overlap, and every attempt then bears the signatures of all. */
export const secretRotation = z.strictObject({
  site_id: siteId,
  overlap_hours: z.int().min(0).max(168).default(24),
});
/** `from` is taken along, `to` is not. */
export const replayRequest = z
  .strictObject({ site_id: siteId, from: utcTime, to: utcTime })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), {
    error: 'must be after from',
    path: ['to'],
  });

export const webhookPath = z.strictObject({ webhook_id: webhookId });
export const deliveryPath = z.strictObject({ webhook_id: webhookId, delivery_id: deliveryId });
export const webhookQuery = z.strictObject({ site_id: siteIdText });

export const disabledReasons = ['person', 'gone', 'failing'] as const;
export const webhook = z.strictObject({
  webhook_id: webhookId,
  site_id: siteId,
  url,
  event_types: z.array(z.string()),
  description: z.string(),
  enabled: z.boolean(),
  /** `gone`: it answered 410. `failing`: it took nothing for days. */
  disabled_reason: z.enum(disabledReasons).optional(),
  /** Since when no attempt has succeeded though some were made. */
  failing_since: utcTime.optional(),
  /** Until when an older secret signs, too. */
  old_secret_until: utcTime.optional(),
  created_at: utcTime,
  updated_at: utcTime,
});
export type Webhook = z.infer<typeof webhook>;

export const webhookAnswer = z.strictObject({ webhook });
/** The secret is shown once, here. */
export const webhookWithSecret = z.strictObject({
  webhook,
  secret: z.string().regex(/^whsec_[A-Za-z0-9+/]+=*$/),
});
export const webhooksAnswer = z.strictObject({ webhooks: z.array(webhook), count: z.int() });

/** What became of an attempt. `response` has a status of any kind; the others never got one. */
export const attemptOutcomes = [
  'response',
  'timeout',
  'connection_failed',
  'tls_failed',
  'unresolvable',
  'private_address',
] as const;
/** `failed`: every attempt of the schedule did. `cancelled`: the endpoint was disabled or removed before. */
export const deliveryStatuses = ['pending', 'delivered', 'failed', 'cancelled'] as const;

const attempt = z.strictObject({
  at: utcTime,
  outcome: z.enum(attemptOutcomes),
  status_code: z.int().optional(),
  duration_ms: z.int(),
});
export const delivery = z.strictObject({
  delivery_id: deliveryId,
  /** The `webhook-id` of every attempt. */
  event_id: z.string(),
  event_type: z.string(),
  status: z.enum(deliveryStatuses),
  attempt_count: z.int(),
  next_attempt_at: utcTime.optional(),
  replayed: z.boolean(),
  created_at: utcTime,
  /** The latest twenty, oldest first. */
  attempts: z.array(attempt),
});
export type Delivery = z.infer<typeof delivery>;

export const deliveriesQuery = z.strictObject({
  site_id: siteIdText,
  status: z.enum(deliveryStatuses).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: pageCursor(z.string().regex(/^[0-9]{13}-evt_[0-9a-f]{12,32}$/)),
});
export const deliveriesAnswer = z.strictObject({
  deliveries: z.array(delivery),
  count: z.int(),
  next_cursor: z.string().optional(),
});
/** `body` is the very text that is posted. */
export const deliveryAnswer = z.strictObject({ delivery, body: z.string() });
export const pingAnswer = z.strictObject({ delivery_id: deliveryId });

export const replay = z.strictObject({
  replay_id: z.string(),
  from: utcTime,
  to: utcTime,
  status: z.enum(['running', 'done']),
  /** Events sent again so far. */
  queued: z.int(),
});
export const replayAnswer = z.strictObject({ replay });
export const replayPath = z.strictObject({
  webhook_id: webhookId,
  replay_id: z.string().regex(/^rp-[0-9a-f]{24}$/, 'must be a replay id'),
});
