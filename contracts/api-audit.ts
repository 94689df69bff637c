import * as z from 'zod';
import { domainEvent } from './domain-event.ts';
import { siteId, utcTime } from './identifiers.ts';
import { pageCursor } from './page-cursor.ts';
import { text } from './text.ts';

/** A page size as a query string carries it. */
const limitText = z.coerce.number().int().min(1).max(200).default(50);

/**
 * A site's log; or `tenant`, the log of what concerns the tenant and no single site: its people, its API keys. In
 * events, checkpoints and proofs that one has a number beyond all site numbers.
 */
const auditLog = z
  .string()
  .regex(/^([1-9][0-9]{0,8}|tenant)$/, 'must be a positive integer')
  .transform((text) => (text === 'tenant' ? text : Number(text)));
export type AuditLog = z.output<typeof auditLog>;

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits');

/** `GET /api/v1/audit/events`: one site's events, newest first, or with `site_id=tenant` those of the tenant itself. */
export const listAuditEventsQuery = z.strictObject({
  site_id: auditLog,
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
export const auditVerificationQuery = z.strictObject({ site_id: auditLog });

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

const size = z.int().positive();
/** A signed note: see lambdas/audit/checkpoint.ts and docs/audit-log.md. */
const note = z.string();
const proof = z.array(sha256Hex);
const seqText = z.coerce.number().int().min(1).max(999_999_999_999);

export const auditSiteQuery = z.strictObject({ site_id: auditLog });
export const auditCheckpoint = z.strictObject({
  site_id: siteId,
  /** How many events it holds. */
  size,
  note,
  signed_at: utcTime,
  public_key_pem: z.string(),
});
export type AuditCheckpoint = z.infer<typeof auditCheckpoint>;

export const auditInclusionQuery = z.strictObject({ site_id: auditLog, seq: seqText });
/** The proof (RFC 6962 §2.1.1) that event `seq` is leaf `seq` − 1 of the tree in the note. */
export const auditInclusion = z.strictObject({ site_id: siteId, seq: size, size, proof, note });
export type AuditInclusion = z.infer<typeof auditInclusion>;

export const auditConsistencyQuery = z.strictObject({ site_id: auditLog, from_size: seqText });
/** The proof (RFC 6962 §2.1.2) that the tree of `size` begins with the tree of `from_size`; its note, where one was signed. */
export const auditConsistency = z.strictObject({
  site_id: siteId,
  from_size: size,
  size,
  proof,
  from_note: note.optional(),
  note,
});
export type AuditConsistency = z.infer<typeof auditConsistency>;

export const auditExportQuery = z.strictObject({
  site_id: auditLog,
  from_seq: seqText.default(1),
  limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
});
/** A page of the log, oldest first, up to the newest checkpoint: what `hashinsight-verify` reads. */
export const auditExport = z.strictObject({
  site_id: siteId,
  size,
  note,
  public_key_pem: z.string(),
  events: z.array(auditEntry),
  count: z.int().nonnegative(),
  next_seq: size.optional(),
});
export type AuditExport = z.infer<typeof auditExport>;
