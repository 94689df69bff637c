import type * as z from 'zod';
import type { DomainEvent } from './domain-event.ts';
import { type EventType, eventPayloads } from './event-catalogue.ts';

type Json = z.core.util.JSONType;

const at = '2026-06-01T08:30:00.000Z';
const atMs = Date.parse(at);
const hex = (digits: number) => '5f1c0e9a3b7d42c68e5a9f0b1c2d3e4f'.repeat(2).slice(0, digits);

/** Values that a field of this name may have in an example; the first that its schema takes is used. */
const samples: Readonly<Record<string, readonly Json[]>> = {
  action_type: ['reboot'],
  alert_id: ['al-01jx2m7c'],
  alert_ids: [['al-01jx2m7c', 'al-01jx2m7d']],
  approver_ids: [[5, 8]],
  approvers: [['user:5', 'user:8']],
  backup_id: [hex(28)],
  batch_id: [`bat-${hex(28)}`],
  because: ['registration', 'withdrawn'],
  by: ['code', 'invitation', ['user:5', 'user:8']],
  by_command_id: [`cmd-${hex(28)}`],
  can_tell: [true],
  cause: ['fan_failure'],
  certificate_id: [hex(64)],
  change: ['updated', 'set'],
  changes: [
    [{ miner_id: 'm-0042', from: { zone_id: 'zone-1' }, to: { zone_id: 'zone-2' } }],
    [{ miner_id: 'm-0042', version: 2 }],
  ],
  claim_id: [hex(16)],
  code: ['OVER_TEMPERATURE'],
  command_id: [`cmd-${hex(28)}`],
  command_ids: [[`cmd-${hex(28)}`]],
  command_type: ['MINER_RESTART'],
  completed: [118],
  confidence: [0.87],
  correlation_id: ['al-01jx2m7c'],
  count: [3],
  customer_id: ['cust-7'],
  customer_ids: [['cust-7']],
  delivery_id: [`${atMs}-evt_${hex(24)}`],
  diagnosis_id: ['dg-01jx2m8f'],
  duty: ['operator'],
  effectiveness_score: [0.92],
  enabled: [true],
  epoch: [4],
  event_types: [['control.command.*']],
  expires_at: [at],
  failed: [2],
  fault: ['unreadable'],
  feedback_id: ['fb-01jx2n11'],
  feedback_type: ['system_measured'],
  fields: [['url']],
  from: [{ name: 'Hall 1' }, at],
  gaps: [[{ after: 4180, before: 4183 }]],
  gateway_id: ['gw-1'],
  generation: [3],
  incident_id: ['in-01jx2m7e'],
  is_renamed: [true],
  key_id: ['k-5f1c0e9a3b7d'],
  kind: ['over_temperature_stop', 'overheating'],
  made: [120],
  miner_id: ['m-0042'],
  miner_ids: [['m-0042', 'm-0043']],
  miners: [120],
  name: ['Hall 1'],
  outcome: ['succeeded', 'replayed'],
  parent_alert_id: ['al-01jx2m70'],
  parts: [1],
  policy: [{ tier: 'high', approvers: 2 }],
  power_kw: [412.5],
  quarantine_id: [`q-${hex(24)}`],
  reason: ['Overheats since the fan was changed', 'person'],
  recommendation_id: ['5f1c0e9a-3b7d-42c6-8e5a-9f0b1c2d3e4f'],
  recovery_codes_left: [9],
  retired_certificate_ids: [[hex(64)]],
  risk_level: ['medium'],
  role: ['mining_site_owner'],
  rule_id: [2],
  run_id: ['rw-01jx2p3k'],
  scope: ['site'],
  scopes: [['hosting:read']],
  selection_hash: [hex(64)],
  sequence: [271],
  session_id: ['s-5f1c0e9a'],
  severity: ['P1'],
  shard: [0],
  site_id: [1],
  site_ids: ['all', [1]],
  status: ['pending', 'EXPIRED'],
  target_ids: [['m-0042']],
  tenant_id: ['demo'],
  to: [{ name: 'Hall 2' }, at],
  used_certificate_id: [hex(64)],
  user_id: [5],
  values: [640],
  verdict: ['effective'],
  version: [2],
  votes: [1],
  votes_needed: [2],
  votes_voided: [1],
  webhook_id: [`wh-${hex(24)}`],
  zone_id: ['zone-1'],
  zone_ids: ['all', ['zone-1']],
};

/** Some value for a field; undefined where an optional field has no sample. Throws RangeError where a needed one has none. */
const sampleOf = (type: string, name: string, schema: z.ZodType): Json | undefined => {
  const candidates = [...(samples[name] ?? []), ...(name.endsWith('_ms') ? [atMs] : [])];
  const found = candidates.find((value) => schema.safeParse(value).success);
  if (found !== undefined || schema.safeParse(undefined).success) return found;
  throw new RangeError(`${type}: give contracts/event-samples.ts a value for ${name}`);
};

/** An example of each type, whole, with every field that it may have. */
export const exampleEvent = (type: EventType): DomainEvent => {
  const payload = Object.fromEntries(
    Object.entries(eventPayloads[type].shape).flatMap(([name, schema]) => {
      const value = sampleOf(type, name, schema);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const [context = ''] = type.split('.');
  const [refType = '', refId] =
    Object.entries(payload).find(([name, value]) => name.endsWith('_id') && value !== undefined) ?? [];
  return {
    version: 1,
    event_id: `evt_${hex(24)}`,
    tenant_id: 'demo',
    site_id: 1,
    actor_type: 'system',
    actor_id: context,
    type,
    ref_type: refType.replace(/_id$/, '') || 'site',
    ref_id: String(refId ?? 1),
    payload,
    created_at: at,
  };
};
