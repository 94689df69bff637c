import * as z from 'zod';
import { epochMs, gatewayId, minerId, siteId } from './identifiers.ts';
import { minerReading, powerModes } from './reading.ts';
import { sealedForGateway } from './sealed.ts';

export const riskTiers = ['low', 'medium', 'high', 'critical'] as const;
export type RiskTier = (typeof riskTiers)[number];

/** Orders that act on a miner by themselves, and the tier that a person's proposal of each has at least (`000` §3.3). */
export const commandTiers = {
  MINER_RESTART: 'medium',
  HASHING_DISABLE: 'high',
  HASHING_ENABLE: 'low',
  POOL_SET: 'high',
  SET_FAN: 'low',
  POWER_MODE: 'medium',
  POWER_LIMIT: 'medium',
  FREQUENCY_SET: 'medium',
  LED: 'low',
} as const satisfies Record<string, RiskTier>;
export type MinerOrderType = keyof typeof commandTiers;
export const minerOrderTypes = Object.keys(commandTiers) as MinerOrderType[];
/** Command types of the control plane. ROLLBACK has the tier of the command that it reverts. */
export const commandTypes = [...minerOrderTypes, 'ROLLBACK'] as const;
export type CommandType = (typeof commandTypes)[number];

const pool = z.strictObject({
  url: z.string().regex(/^stratum\+(tcp|ssl):\/\/[^\s]{1,200}$/, 'must be a stratum URL'),
  user: z.string().min(1).max(128),
  /** In clear from whoever proposes it to the seal, and from its opening at the gateway to the miner; never stored. */
  password: z.string().max(128).default(''),
  /** The password as it is stored and sent: sealed to each gateway that it is meant for, by gateway id. */
  sealedPasswords: z.record(gatewayId, sealedForGateway).optional(),
});
export type Pool = z.infer<typeof pool>;

/** What each order to a miner carries. */
export const minerOrder = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('MINER_RESTART'), params: z.strictObject({}) }),
  z.strictObject({ type: z.literal('HASHING_DISABLE'), params: z.strictObject({}) }),
  z.strictObject({ type: z.literal('HASHING_ENABLE'), params: z.strictObject({}) }),
  z.strictObject({
    type: z.literal('POOL_SET'),
    params: z.strictObject({ pools: z.array(pool).min(1).max(3) }),
  }),
  z.strictObject({
    type: z.literal('SET_FAN'),
    params: z.strictObject({ dutyPct: z.int().min(10).max(100) }),
  }),
  z.strictObject({ type: z.literal('POWER_MODE'), params: z.strictObject({ mode: z.enum(powerModes) }) }),
  z.strictObject({
    type: z.literal('POWER_LIMIT'),
    params: z.strictObject({ limitW: z.int().min(100).max(20_000) }),
  }),
  z.strictObject({
    type: z.literal('FREQUENCY_SET'),
    params: z.strictObject({ frequencyMhz: z.number().min(50).max(1_500) }),
  }),
  z.strictObject({ type: z.literal('LED'), params: z.strictObject({ on: z.boolean() }) }),
]);
export type MinerOrder = z.infer<typeof minerOrder>;

/** Puts back what the gateway recorded before an earlier command to the same miner, which it alone knows. */
const rollbackOrder = z.strictObject({
  type: z.literal('ROLLBACK'),
  params: z.strictObject({ ofCommandId: z.string().min(1).max(64) }),
});

/** What each command type carries. */
export const commandOrder = z.discriminatedUnion('type', [...minerOrder.options, rollbackOrder]);
export type CommandOrder = z.infer<typeof commandOrder>;

export const commandStatuses = [
  'PENDING',
  'PENDING_APPROVAL',
  'APPROVED',
  'DISPATCHED',
  'ACKNOWLEDGED',
  'COMPLETED',
  'FAILED',
  'UNKNOWN',
  'DENIED',
  'EXPIRED',
  'CANCELLED',
  'ROLLED_BACK',
] as const;
export type CommandStatus = (typeof commandStatuses)[number];

/**
 * The signed order to a gateway: topic `cmd/hashinsight/<site>/<gateway>/request`, QoS 1, JSON.
 * `signature` is base64 of HMAC-SHA256, under the gateway's own secret, of the RFC 8785 canonical JSON of everything
 * else. `sequence` grows by one per gateway; `dedupeKey` equals the command id unless the proposer chose one.
 */
export const commandEnvelope = z.strictObject({
  version: z.literal(1),
  commandId: z.string().min(1).max(64),
  siteId,
  gatewayId,
  minerId,
  order: commandOrder,
  priority: z.int().min(1).max(10),
  issuedAtMs: epochMs,
  expiresAtMs: epochMs,
  dedupeKey: z.string().min(1).max(128),
  nonce: z.string().regex(/^[A-Za-z0-9_-]{22}$/, 'must be 16 random bytes in base64url'),
  sequence: z.int().positive(),
  keyId: z.string().min(1).max(64),
  /** Who approved: `user:5`, or `rule:2` for an auto-approve rule. */
  approvers: z.array(z.string().min(1).max(64)).min(1).max(8),
  signature: z.base64(),
});
export type CommandEnvelope = z.infer<typeof commandEnvelope>;
export type UnsignedEnvelope = Omit<CommandEnvelope, 'signature'>;

/** Why a gateway refuses an envelope. Each refusal is also a safety event. */
export const refusalCodes = [
  'MALFORMED',
  'WRONG_SITE',
  'WRONG_GATEWAY',
  'UNKNOWN_KEY',
  'BAD_SIGNATURE',
  'EXPIRED',
  'NOT_YET_VALID',
  'REPLAYED_NONCE',
  'STALE_SEQUENCE',
  'UNKNOWN_MINER',
  'UNSUPPORTED',
  /** A rollback of what the gateway has no record of, or of what cannot be put back. */
  'NOT_REVERSIBLE',
  /** A kill switch forbids every remote write (contracts/halt.ts). */
  'HALTED',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

const responseBase = {
  version: z.literal(1),
  commandId: z.string().min(1).max(64),
  siteId,
  gatewayId,
  atMs: epochMs,
};

/**
 * Answers on `cmd/hashinsight/<site>/<gateway>/response` (published through Basic Ingest, rule
 * `hashinsight_command_response`). `accepted` comes before the miner is touched; one of the others ends the matter:
 * `succeeded` only after a read-back showed the effect; `unknown` when a write's answer was lost and the read-back
 * could not tell.
 */
export const commandResponse = z.discriminatedUnion('outcome', [
  z.strictObject({ ...responseBase, outcome: z.literal('accepted') }),
  z.strictObject({
    ...responseBase,
    outcome: z.literal('refused'),
    code: z.enum(refusalCodes),
    detail: z.string().max(300),
  }),
  z.strictObject({
    ...responseBase,
    outcome: z.literal('succeeded'),
    before: minerReading.optional(),
    after: minerReading.optional(),
  }),
  z.strictObject({
    ...responseBase,
    outcome: z.literal('failed'),
    /** The vendor's answer in a few words, without addresses or credentials. */
    detail: z.string().max(300),
    before: minerReading.optional(),
  }),
  z.strictObject({
    ...responseBase,
    outcome: z.literal('unknown'),
    detail: z.string().max(300),
    before: minerReading.optional(),
  }),
]);
export type CommandResponse = z.infer<typeof commandResponse>;

/** Something a gateway refused or did by itself to protect the site; topic `evt/hashinsight/<site>/<gateway>/safety`. */
export const safetyEvent = z.strictObject({
  version: z.literal(1),
  eventId: z.string().min(1).max(64),
  siteId,
  gatewayId,
  atMs: epochMs,
  kind: z.enum([
    'command_refused',
    'over_temperature_stop',
    'site_power_cap',
    'miner_unparseable',
    'spool_thinned',
    'kill_switch',
    /** Discovery found miners moved, new, gone, replaced or with other firmware. */
    'inventory_changed',
    /** The gateway gave a miner a new password, or could not. */
    'password_changed',
  ]),
  minerId: minerId.optional(),
  commandId: z.string().max(64).optional(),
  code: z.string().max(64),
  detail: z.string().max(300),
});
export type SafetyEvent = z.infer<typeof safetyEvent>;
