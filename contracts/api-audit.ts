import * as z from 'zod';
import { domainEvent } from './domain-event.ts';
import { siteId, siteIdText, utcTime } from './identifiers.ts';
import { pageCursor } from './page-cursor.ts';
import { text } from './text.ts';

/** A page size as a query string carries it. */
const limitText = z.coerce.number().int().min(1).max(200).default(50);

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits');

/** `GET /api/v1/audit/events`: one site's events, newest first. */
export const listAuditEventsQuery = z.strictObject({
  site_id: siteIdText,
  limit: limitText,
  cursor: pageCursor(z.string().regex(/^[0-9]{12}$/)),
});

/** One link of the chain: the event, its place (from 1) and the hashes that bind it to its predecessor. */
export const auditEntry = z.strictObject({
  ...domainEvent.shape,
  seq: z.int().positive(),
  prev_hash: sha256Hex,
  event_hash: sha256Hex,
});
export type AuditEntry = z.infer<typeof auditEntry>;

export const auditEventList = z.strictObject({
  events: z.array(auditEntry),
  count: z.int().nonnegative(),
  next_cursor: z.string().optional(),
});
export type AuditEventList = z.infer<typeof auditEventList>;

/** `GET /api/v1/audit/verification`: walks the site's whole chain. */
export const auditVerificationQuery = z.strictObject({ site_id: siteIdText });

/** `length` and `head` are those of the recorded head; `fault` names the first link that does not fit. */
export const auditVerification = z.strictObject({
  site_id: siteId,
  intact: z.boolean(),
  length: z.int().nonnegative(),
  head: sha256Hex,
  checked_at: utcTime,
  fault: z.strictObject({ seq: z.int().positive(), reason: text }).optional(),
});
export type AuditVerification = z.infer<typeof auditVerification>;
