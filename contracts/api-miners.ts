import * as z from 'zod';
import { baseVersion, changeReason, changesSomething, nothingToChange, sitePath } from './api-fleet.ts';
import { vendors } from './capabilities/firmware-table.ts';
import { commaList } from './comma-list.ts';
import { customerId, gatewayId, minerId, utcTime, zoneId } from './identifiers.ts';
import { pageCursor } from './page-cursor.ts';

const model = z.string().trim().min(1).max(60);
const serialNumber = z.string().trim().min(1).max(60);
const ratedHashrateThs = z.number().positive().max(100_000);
const ratedPowerW = z.number().positive().max(100_000);
/** A word or two to find machines by, such as `row 7` or `warranty`. No comma, which separates labels in lists. */
export const minerLabel = z
  .string()
  .regex(
    /^[\p{L}\p{N}]([\p{L}\p{N} ._:/-]{0,38}[\p{L}\p{N}])?$/u,
    'must be 1 to 40 letters, digits and . _ : / -',
  );
const labels = z.array(minerLabel).max(20);

export const newMiner = z.strictObject({
  miner_id: minerId,
  vendor: z.enum(vendors),
  model,
  serial_number: serialNumber.optional(),
  zone_id: zoneId,
  gateway_id: gatewayId,
  /** Whose machine it is, where it is hosted for somebody: a customer of the site. */
  customer_id: customerId.optional(),
  rated_hashrate_ths: ratedHashrateThs,
  rated_power_w: ratedPowerW,
  labels: labels.optional(),
});
export const newMiners = z.strictObject({ miners: z.array(newMiner).min(1).max(80) });

export const minerStatuses = ['active', 'retired'] as const;
/** A retired miner keeps its history; it raises no alarm, takes no command and is not in the live list. */
export const miner = newMiner.extend({
  /** Whose it is now. */
  customer_id: customerId.optional(),
  labels,
  status: z.enum(minerStatuses),
  version: z.int().positive(),
  registered_at: utcTime.optional(),
  retired_at: utcTime.optional(),
});
export type Miner = z.infer<typeof miner>;

/** Whose a machine was or will be: from `from` until `to`, which is not there where it has no end. Null: nobody's but the site's. */
export const ownership = z.strictObject({
  customer_id: customerId.nullable(),
  from: utcTime,
  to: utcTime.optional(),
});

export const minerPath = sitePath.extend({ miner_id: minerId });

/** Nobody's, where a customer is asked for. */
export const noCustomer = '-';
export const minerSorts = [
  'miner_id',
  'model',
  'vendor',
  'zone_id',
  'gateway_id',
  'customer_id',
  'rated_hashrate_ths',
  'rated_power_w',
  'registered_at',
] as const;
const many = <T>(one: z.ZodType<T, string>, what: string) =>
  commaList(one, 50).optional().describe(`${what}, separated by commas`);
/** Filters join by and; the values of one by or. */
export const minersQuery = z.strictObject({
  status: z.enum([...minerStatuses, 'all']).default('active'),
  zone_id: many(zoneId, 'Zones'),
  gateway_id: many(gatewayId, 'Gateways'),
  model: many(model, 'Models'),
  vendor: many(z.enum(vendors), 'Vendors'),
  customer_id: many(
    z.union([customerId, z.literal(noCustomer)]),
    `Customers, or ${noCustomer} for machines of nobody`,
  ),
  label: many(minerLabel, 'Labels'),
  search: z
    .string()
    .trim()
    .min(1)
    .max(60)
    .optional()
    .describe('What the id, model, serial number or a label contains'),
  sort: z.enum(minerSorts).default('miner_id'),
  order: z.enum(['asc', 'desc']).default('asc').describe('Miners without the value come last either way'),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  cursor: pageCursor(
    z
      .string()
      .regex(/^([A-Za-z0-9._!~*'()-]|%[0-9A-F]{2}){0,240} [A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
      .refine((place) => {
        try {
          return decodeURIComponent(place) !== undefined;
        } catch {
          return false;
        }
      }),
  ),
});

const changeable = {
  zone_id: zoneId.optional(),
  gateway_id: gatewayId.optional(),
  model: model.optional(),
  rated_hashrate_ths: ratedHashrateThs.optional(),
  rated_power_w: ratedPowerW.optional(),
};
/** Changes one miner, and moves it between zones and gateways of its site. */
export const minerChange = z
  .strictObject({
    version: baseVersion,
    reason: changeReason.optional(),
    ...changeable,
    serial_number: serialNumber.nullable().optional(),
    labels: labels.optional(),
  })
  .refine(changesSomething, nothingToChange);
export const minerLifeChange = z.strictObject({ version: baseVersion, reason: changeReason });

/** Which miners a change is for: those that fit all that is said. */
export const minerSelection = z
  .strictObject({
    miner_ids: z.array(minerId).min(1).max(5_000).optional(),
    zone_ids: z.array(zoneId).min(1).max(50).optional(),
    gateway_ids: z.array(gatewayId).min(1).max(50).optional(),
    models: z.array(model).min(1).max(50).optional(),
    vendors: z.array(z.enum(vendors)).min(1).optional(),
    customer_ids: z
      .array(z.union([customerId, z.literal(noCustomer)]))
      .min(1)
      .max(50)
      .optional(),
    labels: z.array(minerLabel).min(1).max(20).optional(),
    status: z.enum(minerStatuses).optional(),
  })
  .refine((selection) => Object.keys(selection).length > 0, { error: 'must say which miners' });

const bulk = {
  selection: minerSelection,
  reason: changeReason,
  dry_run: z.boolean().default(false),
  /** As a dry run said it: refused where other miners fit by now, or one of them was changed. */
  selection_hash: z.string().length(64).optional(),
};
/** Changes many miners in one way, up to 5,000, in parts of up to 80, each part all or none. */
export const minersChange = z.strictObject({
  ...bulk,
  change: z
    .strictObject({
      ...changeable,
      add_labels: labels.optional(),
      remove_labels: labels.optional(),
      status: z.enum(minerStatuses).optional(),
    })
    .refine(changesSomething, nothingToChange),
});
/** Whose the miners are from a time on, whatever was said before of the time after it; null: nobody's. */
export const minersAssignment = z.strictObject({
  ...bulk,
  customer_id: customerId.nullable(),
  from: utcTime.optional().describe('Now where nothing is said; up to 400 days ago, up to 366 ahead'),
});

const refusedMiner = z.strictObject({ miner_id: minerId, code: z.string(), error: z.string() });
/**
 * `matched` miners fit the selection: `changed` are (in a dry run: would be) different after, `unchanged` are so already,
 * the rest are in `refused`. `preview` shows up to 100 of the changed, as they were and as they are.
 */
export const minersChanged = z.strictObject({
  dry_run: z.boolean(),
  selection_hash: z.string(),
  matched: z.int(),
  changed: z.int(),
  unchanged: z.int(),
  refused: z.array(refusedMiner),
  preview: z.array(z.strictObject({ miner_id: minerId, from: z.json(), to: z.json() })),
});

/** CSV (RFC 4180, UTF-8) with a header row of the fields of a new miner; labels are separated by `;`. */
export const minersImport = z.strictObject({
  csv: z.string().min(1).max(1_000_000),
  dry_run: z.boolean().default(false),
  /** Takes the good rows in where others are faulty; else one fault keeps all out. */
  partial: z.boolean().default(false),
  reason: changeReason.optional(),
});
/** `row` counts the file's lines of data from 1. `unchanged` rows name miners that the site has just so: importing again does nothing. */
export const minersImported = z.strictObject({
  dry_run: z.boolean(),
  rows: z.int(),
  created: z.int(),
  unchanged: z.int(),
  errors: z.array(
    z.strictObject({ row: z.int(), miner_id: z.string().optional(), field: z.string(), message: z.string() }),
  ),
});

export const minerAnswer = z.strictObject({ miner, ownership: z.array(ownership) });
/** `total` counts all that the filter fits, `count` those of this page. */
export const minersAnswer = z.strictObject({
  miners: z.array(miner),
  count: z.int(),
  total: z.int(),
  next_cursor: z.string().optional(),
});
