import * as z from 'zod';
import { commandStatuses, commandTypes } from './command.ts';
import { haltScopes } from './halt.ts';
import { epochMs, gatewayId, minerId } from './identifiers.ts';

/** What every event about a command says of it; the ids of its story are there where it has one. */
const ofCommand = {
  command_id: z.string(),
  miner_id: minerId.optional(),
  correlation_id: z.string().optional(),
  recommendation_id: z.string().optional(),
  batch_id: z.string().optional(),
};
const voted = { user_id: z.int(), votes: z.int(), votes_needed: z.int(), reason: z.string().optional() };
const ofBatch = { batch_id: z.string(), command_type: z.enum(commandTypes) };
const counted = {
  ...ofBatch,
  miners: z.int(),
  /** Commands made so far, and how those that ended did. */
  made: z.int(),
  completed: z.int(),
  failed: z.int(),
};

/** Payloads of the control plane's events, by detail-type. */
export const controlEvents = {
  'control.command.proposed': z.object({
    ...ofCommand,
    miner_id: minerId,
    command_type: z.enum(commandTypes),
    reason: z.string().optional(),
  }),
  'control.command.voted': z.object({ ...ofCommand, ...voted }),
  'control.command.approved': z.object({
    ...ofCommand,
    gateway_id: gatewayId,
    approvers: z.array(z.string()),
    reason: z.string().optional(),
  }),
  'control.command.denied': z.object({ ...ofCommand, reason: z.string() }),
  'control.command.cancelled': z.object({ ...ofCommand, reason: z.string() }),
  'control.command.dispatched': z.object({ ...ofCommand, gateway_id: gatewayId, sequence: z.int() }),
  'control.command.acknowledged': z.object({ ...ofCommand, at_ms: epochMs }),
  /** `reason` is there where later telemetry, not the gateway's read-back, showed the effect. */
  'control.command.completed': z.object({ ...ofCommand, at_ms: epochMs, reason: z.string().optional() }),
  'control.command.failed': z.object({ ...ofCommand, reason: z.string() }),
  'control.command.unknown': z.object({ ...ofCommand, reason: z.string() }),
  'control.command.expired': z.object(ofCommand),
  'control.command.rolled_back': z.object({ ...ofCommand, by_command_id: z.string() }),
  /** An answer that came after the command was settled otherwise: recorded, and nothing changes. */
  'control.command.answered_late': z.object({
    ...ofCommand,
    status: z.enum(commandStatuses),
    outcome: z.string(),
    code: z.string().optional(),
  }),
  'control.batch.proposed': z.object({
    ...ofBatch,
    miners: z.int(),
    power_kw: z.number(),
    selection_hash: z.string(),
    reason: z.string(),
  }),
  /** Another selection, order or course: votes for the former do not count any more. */
  'control.batch.changed': z.object({
    ...ofBatch,
    miners: z.int(),
    power_kw: z.number(),
    selection_hash: z.string(),
    votes_voided: z.int(),
    reason: z.string(),
  }),
  'control.batch.voted': z.object({ ...ofBatch, ...voted }),
  'control.batch.approved': z.object({
    ...ofBatch,
    approvers: z.array(z.string()),
    selection_hash: z.string(),
  }),
  'control.batch.denied': z.object({ ...ofBatch, reason: z.string() }),
  'control.batch.expired': z.object({ ...counted, reason: z.string() }),
  'control.batch.paused': z.object({ ...counted, reason: z.string() }),
  'control.batch.resumed': z.object({ ...counted, reason: z.string() }),
  'control.batch.cancelled': z.object({ ...counted, reason: z.string() }),
  /** More of its commands failed than it allows; the rest is not done. */
  'control.batch.stopped': z.object({ ...counted, reason: z.string() }),
  'control.batch.finished': z.object(counted),
  'control.policy.changed': z.object({
    command_type: z.enum(commandTypes),
    change: z.enum(['set', 'removed']),
    policy: z.record(z.string(), z.json()).optional(),
    reason: z.string(),
  }),
  'control.halt.set': z.object({
    scope: z.enum(haltScopes),
    gateway_id: gatewayId.optional(),
    epoch: z.int(),
    reason: z.string(),
  }),
  'control.halt.lift_voted': z.object({
    scope: z.enum(haltScopes),
    gateway_id: gatewayId.optional(),
    epoch: z.int(),
    reason: z.string(),
  }),
  'control.halt.lifted': z.object({
    scope: z.enum(haltScopes),
    gateway_id: gatewayId.optional(),
    epoch: z.int(),
    by: z.array(z.string()),
    reason: z.string(),
  }),
  'control.safety.reported': z.object({
    kind: z.string(),
    code: z.string(),
    gateway_id: gatewayId,
    miner_id: minerId.optional(),
    command_id: z.string().optional(),
  }),
} as const;
