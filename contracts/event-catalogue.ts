import * as z from 'zod';
import { alertKinds, severities } from './alert.ts';
import { riskTiers } from './command.ts';
import { controlEvents } from './control-events.ts';
import { fleetEvents } from './fleet-events.ts';
import { gatewayEvents } from './gateway-events.ts';
import { epochMs, gatewayId, minerId, zoneId } from './identifiers.ts';
import { identityEventPayloads } from './identity-events.ts';
import { legacyEvents } from './legacy-events.ts';
import { sealingEvents } from './sealing-events.ts';
import { webhookEvents } from './webhook-events.ts';

const minerIds = z.array(minerId).min(1);

/**
 * Payload of every event type on the bus, by detail-type. A new field is optional; a changed meaning is a new type.
 * Consumers parse `detail` with `domainEvent` and `detail.payload` with the entry here.
 */
export const eventPayloads = {
  'alerting.alert.opened': z.object({
    alert_id: z.string(),
    miner_id: minerId,
    zone_id: zoneId,
    kind: z.enum(alertKinds),
    severity: z.enum(severities),
    /** Set when the alert belongs to an incident: the incident, not the alert, starts the loop then. */
    incident_id: z.string().optional(),
    /** Set when the device has an older open alert, of which this is a later symptom: that one, not this, has a loop. */
    parent_alert_id: z.string().optional(),
    sampled_at_ms: epochMs,
    batch_received_at_ms: epochMs,
  }),
  /** An alert that came back within five minutes, or got worse. Mere repetition is counted without an event. */
  'alerting.alert.repeated': z.object({
    alert_id: z.string(),
    miner_id: minerId,
    count: z.int(),
    severity: z.enum(severities).optional(),
  }),
  'alerting.alert.resolved': z.object({ alert_id: z.string(), miner_id: minerId, kind: z.enum(alertKinds) }),
  'alerting.incident.opened': z.object({
    incident_id: z.string(),
    zone_id: zoneId,
    kind: z.enum(alertKinds),
    severity: z.enum(severities),
    /** Set when a whole gateway fell silent; its miners may stand in several zones then. */
    gateway_id: gatewayId.optional(),
    miner_ids: minerIds,
    alert_ids: z.array(z.string()),
    sampled_at_ms: epochMs,
    batch_received_at_ms: epochMs,
  }),
  'alerting.incident.grown': z.object({
    incident_id: z.string(),
    zone_id: zoneId,
    /** The miners and alerts that joined. */
    miner_ids: minerIds,
    alert_ids: z.array(z.string()).optional(),
  }),
  'alerting.incident.resolved': z.object({ incident_id: z.string(), zone_id: zoneId }),
  'advisor.diagnosis.made': z.object({
    diagnosis_id: z.string(),
    alert_id: z.string().optional(),
    incident_id: z.string().optional(),
    cause: z.string(),
    confidence: z.number(),
    can_tell: z.boolean(),
  }),
  'advisor.recommendation.created': z.object({
    recommendation_id: z.string(),
    action_type: z.string(),
    target_ids: z.array(z.string()),
    risk_level: z.enum(riskTiers),
    status: z.string(),
  }),
  'advisor.recommendation.voted': z.object({
    recommendation_id: z.string(),
    user_id: z.int(),
    votes: z.int(),
    votes_needed: z.int(),
  }),
  'advisor.recommendation.approved': z.object({
    recommendation_id: z.string(),
    approvers: z.array(z.string()),
  }),
  'advisor.recommendation.rejected': z.object({ recommendation_id: z.string(), reason: z.string() }),
  'advisor.recommendation.expired': z.object({ recommendation_id: z.string(), reason: z.string() }),
  'advisor.recommendation.executing': z.object({
    recommendation_id: z.string(),
    command_ids: z.array(z.string()),
  }),
  'advisor.recommendation.completed': z.object({ recommendation_id: z.string(), verdict: z.string() }),
  'advisor.recommendation.failed': z.object({ recommendation_id: z.string(), reason: z.string() }),
  'advisor.recommendation.verified': z.object({ recommendation_id: z.string(), verdict: z.string() }),
  'advisor.feedback.recorded': z.object({
    recommendation_id: z.string(),
    feedback_id: z.string(),
    feedback_type: z.string(),
    effectiveness_score: z.number().optional(),
  }),
  'advisor.rule.changed': z.object({
    rule_id: z.int(),
    change: z.enum(['created', 'updated', 'deactivated']),
  }),
  ...controlEvents,
  ...fleetEvents,
  'fleet.gateway.registered': z.object({ gateway_id: gatewayId }),
  ...gatewayEvents,
  ...identityEventPayloads,
  ...sealingEvents,
  'telemetry.batch.set_aside': z.object({
    gateway_id: z.string(),
    fault: z.string(),
    quarantine_id: z.string(),
  }),
  'telemetry.batch.replayed': z.object({
    gateway_id: z.string(),
    quarantine_id: z.string(),
    outcome: z.enum(['replayed', 'refused']),
    /** Why it is still unusable. */
    fault: z.string().optional(),
  }),
  /** Batches of a shard that its gateway no longer has: those after `after` and before `before`. */
  'telemetry.batches.lost': z.object({
    gateway_id: z.string(),
    shard: z.int(),
    gaps: z.array(z.object({ after: z.int(), before: z.int() })),
  }),
  ...legacyEvents,
  ...webhookEvents,
} as const;
export type EventType = keyof typeof eventPayloads;
export type EventPayload<T extends EventType> = z.infer<(typeof eventPayloads)[T]>;
