import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type AlertKind, alertKinds, type Severity, severities } from '../../contracts/alert.ts';
import { alertStatuses } from '../../contracts/api-alerting.ts';
import { epochMs, minerId, siteId, zoneId } from '../../contracts/identifiers.ts';
import { minerReading } from '../../contracts/reading.ts';
import { text } from '../../contracts/text.ts';

/** An alert as this context keeps it. */
export const alertRecord = z.strictObject({
  alertId: z.string(),
  siteId,
  minerId,
  zoneId,
  kind: z.enum(alertKinds),
  severity: z.enum(severities),
  status: z.enum(alertStatuses),
  count: z.int().positive(),
  reason: text,
  reading: minerReading,
  firstSampledAtMs: epochMs,
  lastSampledAtMs: epochMs,
  openedAtMs: epochMs,
  /** When the batch came that opened it. */
  batchReceivedAtMs: epochMs,
  resolvedAtMs: epochMs.optional(),
  incidentId: z.string().optional(),
  parentAlertId: z.string().optional(),
  relatedAlertIds: z.array(z.string()),
});
export type Alert = z.infer<typeof alertRecord>;

export const incidentRecord = z.strictObject({
  incidentId: z.string(),
  siteId,
  zoneId,
  gatewayId: z.string().optional(),
  kind: z.enum(alertKinds),
  severity: z.enum(severities),
  status: z.enum(alertStatuses),
  minerIds: z.array(minerId),
  alertIds: z.array(z.string()),
  /** How many of its alerts are still open. */
  openAlerts: z.int().nonnegative(),
  firstSampledAtMs: epochMs,
  lastSampledAtMs: epochMs,
  openedAtMs: epochMs,
  batchReceivedAtMs: epochMs,
  resolvedAtMs: epochMs.optional(),
});
export type Incident = z.infer<typeof incidentRecord>;

/** The latest alert of each kind of one miner. */
export const deviceRecord = z.strictObject({ alerts: z.partialRecord(z.enum(alertKinds), alertRecord) });
export type Device = z.infer<typeof deviceRecord>;

/** Where alerts gather into incidents: one kind in one zone, or one gateway's silence. */
export const groupRecord = z.strictObject({
  /** Alerts of the last half minute that are part of no incident. */
  recent: z.array(z.strictObject({ minerId, alertId: z.string(), sampledAtMs: epochMs })),
  incidentId: z.string().optional(),
  /** The newest sample of an alert that joined the incident. */
  joinedMs: epochMs.optional(),
});
export type Group = z.infer<typeof groupRecord>;

const timed = (atMs: number) => atMs.toString(36).padStart(9, '0');
const digest = (...parts: readonly (string | number)[]) =>
  createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 10);

/** Ids sort by time and come from what they name, so that working on the same anomaly twice gives the same alert. */
export const alertIdOf = (site: number, miner: string, kind: AlertKind, sampledAtMs: number) =>
  `al-${timed(sampledAtMs)}-${digest(site, miner, kind, sampledAtMs)}`;
export const incidentIdOf = (site: number, groupKey: string, sampledAtMs: number, firstAlertId: string) =>
  `inc-${timed(sampledAtMs)}-${digest(site, groupKey, firstAlertId)}`;

export const worse = (a: Severity, b: Severity) => severities.indexOf(a) < severities.indexOf(b);
export const worst = (a: Severity, b: Severity): Severity => (worse(a, b) ? a : b);
/** Many at once weigh more than each: one step up. */
export const raised = (severity: Severity): Severity =>
  severities[Math.max(0, severities.indexOf(severity) - 1)] ?? severity;
