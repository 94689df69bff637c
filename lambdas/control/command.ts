import * as z from 'zod';
import {
  type CommandStatus,
  commandEnvelope,
  commandOrder,
  commandStatuses,
  riskTiers,
} from '../../contracts/command.ts';
import { epochMs, gatewayId, minerId, siteId, tenantId } from '../../contracts/identifiers.ts';
import { minerReading } from '../../contracts/reading.ts';
import { approvalNeed, vote } from './ballot.ts';

/**
 * One command to one miner. `dueAtMs` is the moment at which silence settles it and is absent once it is settled.
 * `envelope` is the signed order exactly as it went to the gateway; a command has one at most, ever.
 */
export const commandRecord = z.object({
  commandId: z.string().min(1).max(64),
  tenantId,
  siteId,
  gatewayId,
  minerId,
  order: commandOrder,
  priority: z.int().min(1).max(10),
  status: z.enum(commandStatuses),
  requestedBy: z.string().min(1).max(64),
  approvals: z.array(z.string().min(1).max(64)).max(8),
  correlationId: z.string().min(1).max(128),
  recommendationId: z.string().min(1).max(63).optional(),
  dedupeKey: z.string().min(1).max(128),
  /** What a person gave as the reason. */
  reason: z.string().max(500).optional(),
  tier: z.enum(riskTiers).optional(),
  need: approvalNeed.optional(),
  votes: z.array(vote).max(50).optional(),
  /** Grows with every vote, so that none is lost or counted twice. */
  revision: z.int().optional(),
  selectionHash: z.string().optional(),
  powerKw: z.number().optional(),
  /** How long it may be delivered once it is approved. */
  deliveryMs: z.int().positive().optional(),
  batchId: z.string().optional(),
  /** The command that puts this one back, once one was asked for. */
  rollbackId: z.string().optional(),
  createdAtMs: epochMs,
  updatedAtMs: epochMs,
  expiresAtMs: epochMs,
  dueAtMs: epochMs.optional(),
  envelope: commandEnvelope.optional(),
  dispatchedAtMs: epochMs.optional(),
  acknowledgedAtMs: epochMs.optional(),
  settledAtMs: epochMs.optional(),
  failure: z.object({ code: z.string(), detail: z.string().optional() }).optional(),
  before: minerReading.optional(),
  after: minerReading.optional(),
});
export type CommandRecord = z.infer<typeof commandRecord>;

type Transition = {
  readonly from: readonly CommandStatus[];
  readonly to: CommandStatus;
  /** What must hold beside the status, as a DynamoDB condition over the record and `:nowMs`. */
  readonly when?: 'expiresAtMs > :nowMs' | 'dueAtMs <= :nowMs';
};

/**
 * Every change that a command's status may make. UNKNOWN may still be settled by what the gateway observes later;
 * it and COMPLETED may be rolled back; the other ends are final.
 */
export const transitions = {
  submit: { from: ['PENDING'], to: 'PENDING_APPROVAL' },
  approve: { from: ['PENDING', 'PENDING_APPROVAL'], to: 'APPROVED', when: 'expiresAtMs > :nowMs' },
  deny: { from: ['PENDING', 'PENDING_APPROVAL'], to: 'DENIED' },
  cancel: { from: ['PENDING', 'PENDING_APPROVAL', 'APPROVED'], to: 'CANCELLED' },
  dispatch: { from: ['APPROVED'], to: 'DISPATCHED', when: 'expiresAtMs > :nowMs' },
  acknowledge: { from: ['DISPATCHED'], to: 'ACKNOWLEDGED' },
  complete: { from: ['DISPATCHED', 'ACKNOWLEDGED', 'UNKNOWN'], to: 'COMPLETED' },
  fail: { from: ['DISPATCHED', 'ACKNOWLEDGED', 'UNKNOWN'], to: 'FAILED' },
  lose: { from: ['DISPATCHED', 'ACKNOWLEDGED'], to: 'UNKNOWN' },
  expire: {
    from: ['PENDING', 'PENDING_APPROVAL', 'APPROVED', 'DISPATCHED'],
    to: 'EXPIRED',
    when: 'dueAtMs <= :nowMs',
  },
  giveUp: { from: ['ACKNOWLEDGED'], to: 'UNKNOWN', when: 'dueAtMs <= :nowMs' },
  rollBack: { from: ['COMPLETED', 'UNKNOWN'], to: 'ROLLED_BACK' },
} as const satisfies Record<string, Transition>;
export type TransitionName = keyof typeof transitions;

/** The states that nothing leads out of. */
export const finalStatuses = ['FAILED', 'DENIED', 'EXPIRED', 'CANCELLED', 'ROLLED_BACK'] as const;

/** The condition under which DynamoDB lets a transition happen; `:from0`, `:from1`, … are its `from` in order. */
export const conditionOf = (name: TransitionName): string => {
  const { from, when }: Transition = transitions[name];
  const status = `#status IN (${from.map((_, index) => `:from${index}`).join(', ')})`;
  return ['attribute_exists(pk)', status, ...(when ? [when] : [])].join(' AND ');
};

/** The same rule on a record in hand. */
export const mayMove = (
  { status, expiresAtMs, dueAtMs }: Pick<CommandRecord, 'status' | 'expiresAtMs' | 'dueAtMs'>,
  name: TransitionName,
  nowMs: number,
): boolean => {
  const { from, when }: Transition = transitions[name];
  if (!from.includes(status)) return false;
  if (when === 'expiresAtMs > :nowMs') return expiresAtMs > nowMs;
  if (when === 'dueAtMs <= :nowMs') return dueAtMs !== undefined && dueAtMs <= nowMs;
  return true;
};

/** How long after a command's expiry its acknowledgement may still be on the way. */
export const acknowledgementGraceMs = 10_000;
/** How long a gateway may take from its acknowledgement to its result: a miner's reboot and the read-back after it. */
export const resultGraceMs = 10 * 60_000;

/** How long after a command's end became unknown, and then each time, until telemetry is looked at. */
export const observeEveryMs = 60_000;

/** When silence settles a command in this status, or telemetry is to be asked; undefined where it is settled. */
export const dueAt = (status: CommandStatus, expiresAtMs: number, nowMs: number): number | undefined => {
  switch (status) {
    case 'PENDING':
    case 'PENDING_APPROVAL':
    case 'APPROVED':
      return expiresAtMs;
    case 'DISPATCHED':
      return expiresAtMs + acknowledgementGraceMs;
    case 'ACKNOWLEDGED':
      return nowMs + resultGraceMs;
    case 'UNKNOWN':
      return nowMs + observeEveryMs;
    default:
      return undefined;
  }
};
