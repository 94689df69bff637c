import * as z from 'zod';
import { commandStatuses, commandTypes, minerOrder, minerOrderTypes, riskTiers } from './command.ts';
import { haltScopes } from './halt.ts';
import {
  customerId,
  gatewayId,
  minerId,
  siteId,
  siteIdText,
  userId,
  utcTime,
  zoneId,
} from './identifiers.ts';
import { pageCursor } from './page-cursor.ts';
import { minerReading, powerModes } from './reading.ts';

export const controlReason = z.string().trim().min(1).max(500);
const commandName = z.string().regex(/^cmd-[0-9a-f]{28}$/);
const batchName = z.string().regex(/^bat-[0-9a-f]{28}$/);

/** A command's id in a path. */
export const commandIdParams = z.strictObject({ command_id: z.string().min(1).max(64) });

/** `GET /api/v1/commands`: one site's commands, newest first. A page may hold fewer than `limit` and still not be the last. */
export const listCommandsQuery = z.strictObject({
  site_id: siteIdText,
  status: z.enum(commandStatuses).optional(),
  command_type: z.enum(commandTypes).optional(),
  miner_id: minerId.optional(),
  gateway_id: gatewayId.optional(),
  batch_id: batchName.optional(),
  requested_by: z.string().min(1).max(64).optional(),
  since: utcTime.optional(),
  until: utcTime.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: pageCursor(commandName),
});
export type ListCommandsQuery = z.output<typeof listCommandsQuery>;

/** `GET /api/v1/commands/{command_id}` */
export const getCommandQuery = z.strictObject({ site_id: siteIdText });

const wirePool = z.strictObject({
  url: z.string().max(230),
  user: z.string().max(128),
  password: z.string().max(128).default(''),
});
const noParams = z.strictObject({}).default({});

/** An order as it stands on the wire, in whatever object holds it. */
const orderFields = [
  { command_type: z.literal('MINER_RESTART'), params: noParams },
  { command_type: z.literal('HASHING_DISABLE'), params: noParams },
  { command_type: z.literal('HASHING_ENABLE'), params: noParams },
  {
    command_type: z.literal('POOL_SET'),
    params: z.strictObject({ pools: z.array(wirePool).min(1).max(3) }),
  },
  {
    command_type: z.literal('SET_FAN'),
    params: z.strictObject({ duty_pct: z.int() }).transform(({ duty_pct }) => ({ dutyPct: duty_pct })),
  },
  { command_type: z.literal('POWER_MODE'), params: z.strictObject({ mode: z.enum(powerModes) }) },
  {
    command_type: z.literal('POWER_LIMIT'),
    params: z.strictObject({ limit_w: z.int() }).transform(({ limit_w }) => ({ limitW: limit_w })),
  },
  {
    command_type: z.literal('FREQUENCY_SET'),
    params: z
      .strictObject({ frequency_mhz: z.number() })
      .transform(({ frequency_mhz }) => ({ frequencyMhz: frequency_mhz })),
  },
  { command_type: z.literal('LED'), params: z.strictObject({ on: z.boolean() }) },
] as const;

/** The order among such fields; its issues name the fields as they were sent. */
const orderOf = (
  { command_type, params }: { command_type: string; params: unknown },
  context: z.RefinementCtx,
) => {
  const parsed = minerOrder.safeParse({ type: command_type, params });
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues)
    context.addIssue({ code: 'custom', message, path: path.map(String).map(toSnake) });
  return z.NEVER;
};
const toSnake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const [restart, disable, enable, poolSet, fan, mode, limit, frequency, led] = orderFields;
const withOrder = <S extends z.ZodRawShape>(shape: S) =>
  z.discriminatedUnion('command_type', [
    z.strictObject({ ...restart, ...shape }),
    z.strictObject({ ...disable, ...shape }),
    z.strictObject({ ...enable, ...shape }),
    z.strictObject({ ...poolSet, ...shape }),
    z.strictObject({ ...fan, ...shape }),
    z.strictObject({ ...mode, ...shape }),
    z.strictObject({ ...limit, ...shape }),
    z.strictObject({ ...frequency, ...shape }),
    z.strictObject({ ...led, ...shape }),
  ]);

const priority = z.int().min(1).max(10).default(5);

/** `POST /api/v1/commands/propose`: an order to one miner. */
export const newCommand = withOrder({
  site_id: siteId,
  miner_id: minerId,
  priority,
  reason: controlReason,
}).transform(({ command_type, params, ...rest }, context) => ({
  ...rest,
  order: orderOf({ command_type, params }, context),
}));
export type NewCommand = z.output<typeof newCommand>;

/** A vote. `selection_hash` says what the voter saw; a batch asks for it. */
export const approveCommandBody = z.strictObject({
  site_id: siteId,
  selection_hash: z.string().max(64).optional(),
  reason: controlReason.optional(),
});
export const approveBatchBody = approveCommandBody.required({ selection_hash: true });
/** Every other step that a person takes says why. */
export const reasonBody = z.strictObject({ site_id: siteId, reason: controlReason });

/** Where an approval stands: who voted for what is asked now, and what is needed. */
const approvalView = z.strictObject({
  votes_needed: z.int(),
  rank_needed: z.enum(['operator', 'manager', 'admin']),
  approver_ids: z.array(userId).optional(),
  votes: z.array(
    z.strictObject({
      user_id: userId,
      name: z.string(),
      rank: z.string(),
      at: utcTime,
      reason: z.string().optional(),
    }),
  ),
});

/**
 * A command as operators see it. Pool passwords are never shown. `sequence` and `dispatched_at` come with the dispatch,
 * `before` and `after` are the gateway's readings around the write, `failure` says why it did not succeed.
 */
export const commandView = z.strictObject({
  command_id: z.string(),
  site_id: siteId,
  gateway_id: gatewayId,
  miner_id: minerId,
  command_type: z.enum(commandTypes),
  params: z.record(z.string(), z.json()),
  priority: z.int(),
  status: z.enum(commandStatuses),
  requested_by: z.string(),
  reason: z.string().optional(),
  approvers: z.array(z.string()),
  approval: approvalView.optional(),
  selection_hash: z.string().optional(),
  risk_tier: z.enum(riskTiers).optional(),
  correlation_id: z.string(),
  recommendation_id: z.string().optional(),
  batch_id: z.string().optional(),
  /** The command that puts this one back, once one was asked for. */
  rollback_id: z.string().optional(),
  created_at: utcTime,
  expires_at: utcTime,
  updated_at: utcTime,
  sequence: z.int().optional(),
  dispatched_at: utcTime.optional(),
  acknowledged_at: utcTime.optional(),
  settled_at: utcTime.optional(),
  failure: z.strictObject({ code: z.string(), detail: z.string().optional() }).optional(),
  before: minerReading.optional(),
  after: minerReading.optional(),
});
export type CommandView = z.infer<typeof commandView>;

export const commandAnswer = z.strictObject({ command: commandView });
export const commandList = z.strictObject({
  commands: z.array(commandView),
  count: z.int().nonnegative(),
  next_cursor: z.string().optional(),
});
export type CommandList = z.infer<typeof commandList>;

const many = <T extends z.ZodType>(one: T, most: number) => z.array(one).min(1).max(most);
export const mostTargets = 20_000;

/** Which miners: those that fit every criterion given; at least one is. */
export const selection = z
  .strictObject({
    all: z.literal(true).optional(),
    zone_ids: many(zoneId, 200).optional(),
    models: many(z.string().min(1).max(60), 50).optional(),
    customer_ids: many(customerId, 200).optional(),
    gateway_ids: many(gatewayId, 500).optional(),
    miner_ids: many(minerId, mostTargets).optional(),
  })
  .refine((given) => Object.values(given).some((value) => value !== undefined), {
    error: 'must name all, zone_ids, models, customer_ids, gateway_ids or miner_ids',
  });
export type Selection = z.infer<typeof selection>;

const batchFields = {
  site_id: siteId,
  selection,
  priority,
  reason: controlReason,
  /** Miners in each wave, one after the other; what is left makes the last. By default a hundredth, a tenth, the rest. */
  wave_sizes: z.array(z.int().min(1).max(mostTargets)).max(20).optional(),
  /** At most so many commands under way at once. */
  concurrency: z.int().min(1).max(mostTargets).default(1_000),
  /** More failures than this stop the rest: in all, and as a share of a finished wave. */
  max_failed: z.int().min(0).max(mostTargets).optional(),
  max_failed_pct: z.number().min(0).max(100).default(10),
};

/** `POST /api/v1/command-batches`, and `PUT` to change one that waits for its approval. */
export const newBatch = withOrder(batchFields).transform(({ command_type, params, ...rest }, context) => ({
  ...rest,
  order: orderOf({ command_type, params }, context),
}));
export type NewBatch = z.output<typeof newBatch>;

export const batchStatuses = [
  'PENDING_APPROVAL',
  'RUNNING',
  'PAUSED',
  'STOPPED',
  'FINISHED',
  'DENIED',
  'EXPIRED',
  'CANCELLED',
] as const;
export type BatchStatus = (typeof batchStatuses)[number];

export const batchIdParams = z.strictObject({ batch_id: z.string().min(1).max(64) });
export const listBatchesQuery = z.strictObject({
  site_id: siteIdText,
  status: z.enum(batchStatuses).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: pageCursor(batchName),
});

/** What was found out about an order to these miners before anybody is asked. */
const planFields = {
  miners: z.int(),
  gateways: z.int(),
  power_kw: z.number(),
  risk: z.strictObject({
    tier: z.enum(riskTiers),
    score: z.number(),
    factors: z.array(
      z.strictObject({
        factor: z.string(),
        value: z.union([z.string(), z.number()]),
        weight: z.number(),
        description_en: z.string(),
        description_zh: z.string(),
      }),
    ),
  }),
  selection_hash: z.string(),
  wave_sizes: z.array(z.int()),
  concurrency: z.int(),
  max_failed: z.int(),
  max_failed_pct: z.number(),
};
const leftOut = z.strictObject({ miner_id: minerId, reason_en: z.string(), reason_zh: z.string() });

/** The answer of a dry run: what would happen, and what stands in the way. */
export const batchPlan = z.strictObject({
  command_type: z.enum(minerOrderTypes),
  ...planFields,
  approval: approvalView.omit({ votes: true }),
  /** Miners that cannot do it, as far as the cloud knows their firmware; they are left out. */
  unsupported: z.array(leftOut),
  unsupported_count: z.int(),
  /** Ids that the site does not have. */
  unknown_miner_ids: z.array(z.string()),
  /** Whether the time of day allows it now, by the policy's windows. */
  window_open: z.boolean(),
  /** Orders of this type left this hour, for the caller and for the site. */
  quota_left: z.strictObject({ user: z.int(), site: z.int() }),
  halted: z.boolean(),
});
export type BatchPlan = z.infer<typeof batchPlan>;

export const batchView = z.strictObject({
  batch_id: z.string(),
  site_id: siteId,
  status: z.enum(batchStatuses),
  command_type: z.enum(minerOrderTypes),
  params: z.record(z.string(), z.json()),
  selection,
  ...planFields,
  priority: z.int(),
  reason: z.string(),
  requested_by: z.string(),
  approval: approvalView,
  approvers: z.array(z.string()),
  /** Commands made so far, those under way, and how the others ended. */
  made: z.int(),
  open: z.int(),
  completed: z.int(),
  failed: z.int(),
  unknown: z.int(),
  cancelled: z.int(),
  rolled_back: z.int(),
  wave: z.int(),
  created_at: utcTime,
  updated_at: utcTime,
  expires_at: utcTime,
  ended_because: z.string().optional(),
});
export type BatchView = z.infer<typeof batchView>;
export const batchAnswer = z.strictObject({ batch: batchView });
export const batchList = z.strictObject({
  batches: z.array(batchView),
  count: z.int(),
  next_cursor: z.string().optional(),
});

/** Where a kill switch is set or lifted. */
export const haltBody = z
  .strictObject({
    scope: z.enum(haltScopes),
    site_id: siteId.optional(),
    gateway_id: gatewayId.optional(),
    reason: controlReason,
  })
  .superRefine(({ scope, site_id, gateway_id }, context) => {
    if (scope !== 'tenant' && site_id === undefined)
      context.addIssue({ code: 'custom', path: ['site_id'], message: `must be given for scope ${scope}` });
    if (scope === 'gateway' && gateway_id === undefined)
      context.addIssue({ code: 'custom', path: ['gateway_id'], message: 'must be given for scope gateway' });
  });
export type HaltBody = z.infer<typeof haltBody>;
export const listHaltsQuery = z.strictObject({ site_id: siteIdText });
/** One kill switch. `lift` are those who want it lifted; two must, one of them a manager or above. */
export const haltView = z.strictObject({
  scope: z.enum(haltScopes),
  site_id: siteId.optional(),
  gateway_id: gatewayId.optional(),
  halted: z.boolean(),
  /** False where what is stored is not understood, which halts. */
  readable: z.boolean(),
  epoch: z.int(),
  reason: z.string().optional(),
  by: z.string().optional(),
  at: utcTime.optional(),
  lift: z.array(z.strictObject({ user_id: userId, name: z.string(), at: utcTime, reason: z.string() })),
});
export type HaltView = z.infer<typeof haltView>;
export const haltAnswer = z.strictObject({ halt: haltView });
/** The switches over a site: its tenant's, its own, and those of its gateways that were ever used. */
export const haltList = z.strictObject({ halts: z.array(haltView), count: z.int(), halted: z.boolean() });

export const policyPath = z.strictObject({ command_type: z.enum(minerOrderTypes) });
export const policyQuery = z.strictObject({ site_id: siteIdText });
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const clockTime = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'must be a time such as 06:30');
/** From a time of the day to another, in the site's time zone; over midnight where `to` is not later. */
export const timeWindow = z.strictObject({
  days: z.array(z.enum(weekdays)).min(1).max(7),
  from: clockTime,
  to: clockTime,
});
export type TimeWindow = z.infer<typeof timeWindow>;
const perHour = z.int().min(0).max(1_000_000);
const policyFields = {
  tier: z.enum(riskTiers),
  /** People who must approve, before those that the power adds. */
  approvers: z.int().min(0).max(5),
  approver_rank: z.enum(['operator', 'manager', 'admin']),
  /** Only these may approve; anybody of sufficient rank where it is absent. */
  approver_ids: z.array(userId).min(1).max(50).optional(),
  /** When such orders may be approved and begun; at any time where there is none. */
  windows: z.array(timeWindow).max(20),
  approval_ttl_s: z
    .int()
    .min(60)
    .max(7 * 86_400),
  delivery_ttl_s: z.int().min(30).max(86_400),
  /** Votes that the power affected adds: those of the highest step that it exceeds. */
  power_votes: z
    .array(z.strictObject({ above_kw: z.number().min(0).max(10_000_000), votes: z.int().min(0).max(3) }))
    .max(10),
  /** Orders an hour, by one person and at the whole site; each miner counts. */
  quota_per_hour: z.strictObject({ user: perHour, site: perHour }),
};
/** What a site demands before an order of one type reaches its miners. */
export const policy = z.strictObject(policyFields);
export type Policy = z.infer<typeof policy>;
/** `PUT`: what is left out is as the product's own policy says. `version` is the one that the change is made to, 0 for none. */
export const policyBody = z.strictObject({
  site_id: siteId,
  version: z.int().nonnegative(),
  reason: controlReason,
  ...policy.partial().shape,
});
export type PolicyBody = z.infer<typeof policyBody>;
export const policyRemoval = z.strictObject({
  site_id: siteIdText,
  version: z.coerce.number().int().positive(),
  reason: controlReason,
});
export const policyView = z.strictObject({
  site_id: siteId,
  command_type: z.enum(minerOrderTypes),
  /** 0 where the site has said nothing and the product's own policy holds. */
  version: z.int().nonnegative(),
  set_by: z.string().optional(),
  set_at: utcTime.optional(),
  policy,
});
export type PolicyView = z.infer<typeof policyView>;
export const policyAnswer = z.strictObject({ policy: policyView });
export const policyList = z.strictObject({ policies: z.array(policyView), count: z.int() });
