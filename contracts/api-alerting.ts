import * as z from 'zod';
import { alertKinds, severities } from './alert.ts';
import { minerId, siteId, siteIdText, utcTime, zoneId } from './identifiers.ts';
import { pageCursor } from './page-cursor.ts';
import { minerReading } from './reading.ts';
import { text } from './text.ts';

export const alertStatuses = ['open', 'resolved'] as const;
export type AlertStatus = (typeof alertStatuses)[number];

/**
 * One anomaly of one miner, from its first sample until it is over. `count` says how often it was reported; `reason` and
 * `reading` are those of the latest report. Times named `*_sampled_at` are the miner's, the others the cloud's.
 */
export const alert = z.strictObject({
  alert_id: z.string(),
  site_id: siteId,
  miner_id: minerId,
  zone_id: zoneId,
  kind: z.enum(alertKinds),
  severity: z.enum(severities),
  status: z.enum(alertStatuses),
  count: z.int().positive(),
  reason: text,
  reading: minerReading,
  first_sampled_at: utcTime,
  last_sampled_at: utcTime,
  opened_at: utcTime,
  resolved_at: utcTime.optional(),
  /** The incident that it is part of. */
  incident_id: z.string().optional(),
  /** The older alert of the same miner of which this is a later symptom. */
  parent_alert_id: z.string().optional(),
  /** Later symptoms of this one. */
  related_alert_ids: z.array(z.string()),
});
export type AlertAnswer = z.infer<typeof alert>;

/** Several miners of a zone with the same kind of anomaly at the same time, or a gateway that has fallen silent. */
export const incident = z.strictObject({
  incident_id: z.string(),
  site_id: siteId,
  zone_id: zoneId,
  gateway_id: z.string().optional(),
  kind: z.enum(alertKinds),
  severity: z.enum(severities),
  status: z.enum(alertStatuses),
  miner_ids: z.array(minerId),
  alert_ids: z.array(z.string()),
  first_sampled_at: utcTime,
  last_sampled_at: utcTime,
  opened_at: utcTime,
  resolved_at: utcTime.optional(),
});
export type IncidentAnswer = z.infer<typeof incident>;

const limit = z.coerce.number().int().min(1).max(500).default(100);
const cursor = (kind: 'al' | 'inc') =>
  pageCursor(z.string().regex(new RegExp(`^${kind}-[0-9a-z]+-[0-9a-f]+$`)));

/** Newest first by the time of the first sample; without `status` all. */
export const alertsQuery = z.strictObject({
  site_id: siteIdText,
  status: z.enum(alertStatuses).optional(),
  limit,
  cursor: cursor('al'),
});
export const alertsAnswer = z.strictObject({
  alerts: z.array(alert),
  count: z.int(),
  next_cursor: z.string().optional(),
});

export const alertPath = z.strictObject({ alert_id: z.string().min(1).max(128) });
export const alertQuery = z.strictObject({ site_id: siteIdText });
export const alertAnswer = z.strictObject({ alert });

export const incidentsQuery = z.strictObject({
  site_id: siteIdText,
  status: z.enum(alertStatuses).optional(),
  limit,
  cursor: cursor('inc'),
});
export const incidentsAnswer = z.strictObject({
  incidents: z.array(incident),
  count: z.int(),
  next_cursor: z.string().optional(),
});
