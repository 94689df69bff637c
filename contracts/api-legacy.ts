import * as z from 'zod';
import { type CommandStatus, commandEnvelope, type MinerOrder } from './command.ts';
import { minerId, siteId, siteIdText, utcTime } from './identifiers.ts';
import { powerModes } from './reading.ts';

/** `GET` and `PUT /api/v1/sites/{site_id}/legacy-api`: whether the old routes work for a site. They never do for longer than this. */
export const longestSwitchDays = 90;
export const legacySite = z.strictObject({ site_id: siteIdText });
export const legacySwitch = z.discriminatedUnion('enabled', [
  z.strictObject({
    enabled: z.literal(true),
    days: z.int().min(1).max(longestSwitchDays).default(30),
    reason: z.string().trim().min(1).max(500),
  }),
  z.strictObject({ enabled: z.literal(false), reason: z.string().trim().min(1).max(500) }),
]);
export const legacySetting = z.strictObject({
  site_id: siteId,
  enabled: z.boolean(),
  until: utcTime.optional(),
  changed_by: z.string().optional(),
  changed_at: utcTime.optional(),
  sunset: utcTime,
});
export const legacySettingAnswer = z.strictObject({ legacy_api: legacySetting });

/** The old names of command types (`000` §3.3). */
export const legacyTypes = [
  'reboot',
  'stop',
  'disable',
  'start',
  'enable',
  'set_pool',
  'set_fan',
  'power_mode',
] as const;
export type LegacyType = (typeof legacyTypes)[number];

const pool = z.strictObject({
  url: z.string().max(230),
  user: z.string().max(128),
  password: z.string().max(128).default(''),
});
const none = z.strictObject({}).default({});
const common = {
  miner_id: minerId,
  priority: z.int().min(1).max(10).default(5),
  reason: z.string().trim().min(1).max(500).default('Legacy API'),
};
const simple = <const T extends LegacyType>(command_type: T) =>
  z.strictObject({ command_type: z.literal(command_type), params: none, ...common });

/** `POST /api/sites/{site_id}/commands` */
export const newLegacyCommand = z.discriminatedUnion('command_type', [
  simple('reboot'),
  simple('stop'),
  simple('disable'),
  simple('start'),
  simple('enable'),
  z.strictObject({ command_type: z.literal('set_pool'), params: pool, ...common }),
  z.strictObject({
    command_type: z.literal('set_fan'),
    params: z.strictObject({ speed: z.int().min(10).max(100) }),
    ...common,
  }),
  z.strictObject({
    command_type: z.literal('power_mode'),
    params: z.strictObject({ mode: z.enum(powerModes) }),
    ...common,
  }),
]);
export type NewLegacyCommand = z.output<typeof newLegacyCommand>;

/** What an old order is in the words of the successor. */
export const orderOfLegacy = (asked: NewLegacyCommand): MinerOrder => {
  switch (asked.command_type) {
    case 'reboot':
      return { type: 'MINER_RESTART', params: {} };
    case 'stop':
    case 'disable':
      return { type: 'HASHING_DISABLE', params: {} };
    case 'start':
    case 'enable':
      return { type: 'HASHING_ENABLE', params: {} };
    case 'set_pool':
      return { type: 'POOL_SET', params: { pools: [asked.params] } };
    case 'set_fan':
      return { type: 'SET_FAN', params: { dutyPct: asked.params.speed } };
    case 'power_mode':
      return { type: 'POWER_MODE', params: asked.params };
  }
};

/** The states that old clients know (`000` §3.3), and what each of today's is for them. */
export const legacyStatuses = {
  PENDING: 'PENDING',
  PENDING_APPROVAL: 'PENDING_APPROVAL',
  APPROVED: 'APPROVED',
  DISPATCHED: 'DISPATCHED',
  ACKNOWLEDGED: 'DISPATCHED',
  COMPLETED: 'COMPLETED',
  FAILED: 'FAILED',
  UNKNOWN: 'TIMEOUT',
  DENIED: 'DENIED',
  EXPIRED: 'TIMEOUT',
  CANCELLED: 'CANCELLED',
  ROLLED_BACK: 'COMPLETED',
} as const satisfies Record<CommandStatus, string>;
const legacyStatus = z.enum([
  'PENDING',
  'PENDING_APPROVAL',
  'APPROVED',
  'DISPATCHED',
  'COMPLETED',
  'FAILED',
  'TIMEOUT',
  'DENIED',
  'CANCELLED',
]);

/** A command as the old API showed it. Types that it never had bear their new names. */
export const legacyCommand = z.strictObject({
  command_id: z.string(),
  site_id: siteId,
  miner_id: minerId,
  command_type: z.string(),
  params: z.record(z.string(), z.json()),
  priority: z.int(),
  status: legacyStatus,
  requested_by: z.string(),
  created_at: utcTime,
  expires_at: utcTime,
});
export type LegacyCommand = z.infer<typeof legacyCommand>;

export const legacyCommandAnswer = z.strictObject({ success: z.literal(true), command: legacyCommand });
export const legacyCommandsAnswer = z.strictObject({
  success: z.literal(true),
  commands: z.array(legacyCommand),
  count: z.int(),
});
export const legacyListQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const legacyCommandPath = z.strictObject({ command_id: z.string().min(1).max(64) });
/** `PUT /api/commands/{command_id}` */
export const legacyDecision = z.strictObject({
  approved: z.boolean(),
  reason: z.string().trim().min(1).max(500).default('Legacy API'),
});
/** `GET /api/remote/commands/pending`: the same signed envelopes as the successor hands out. */
export const legacyPendingQuery = z.strictObject({
  after: z.coerce.number().int().nonnegative().default(0),
});
export const legacyPendingAnswer = z.strictObject({
  success: z.literal(true),
  commands: z.array(commandEnvelope),
  count: z.int(),
});
