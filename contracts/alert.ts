import * as z from 'zod';
import { epochMs, minerId, siteId, zoneId } from './identifiers.ts';
import { minerReading } from './reading.ts';
import { text } from './text.ts';

export const alertKinds = [
  'overheating',
  'fan_failure',
  'hashrate_drop',
  'power_anomaly',
  'offline',
] as const;
export type AlertKind = (typeof alertKinds)[number];

/** P0 safety or site, P1 revenue at risk, P2 one device, P3 a trend. */
export const severities = ['P0', 'P1', 'P2', 'P3'] as const;
export type Severity = (typeof severities)[number];

/**
 * What the ingest path found in a batch; `telemetry.anomalies.detected` on the bus, one event per batch with anomalies
 * (or a few, where 256 KB would be passed). Not a state change, so it is not in the audit chain.
 */
export const anomaly = z.strictObject({
  minerId,
  zoneId,
  kind: z.enum(alertKinds),
  severity: z.enum(severities),
  reading: minerReading,
  /** The rule in a sentence, with the figures it compared. */
  reason: text,
});
export type Anomaly = z.infer<typeof anomaly>;

export const anomaliesDetected = z.strictObject({
  version: z.literal(1),
  siteId,
  gatewayId: z.string(),
  sequence: z.int(),
  receivedAtMs: epochMs,
  anomalies: z.array(anomaly),
  /** Kinds that were anomalous before and are not any more. */
  recoveries: z.array(z.strictObject({ minerId, kind: z.enum(alertKinds), sampledAtMs: epochMs })),
  /** The whole gateway is out of sight: its miners, whatever their zones, are one incident. `sequence` is 0 then. */
  gatewaySilent: z.boolean().optional(),
});
export type AnomaliesDetected = z.infer<typeof anomaliesDetected>;
