import * as z from 'zod';
import { commaList } from './comma-list.ts';
import { customerId, minerId, siteId, siteIdText, utcTime, zoneId } from './identifiers.ts';
import { pageCursor } from './page-cursor.ts';
import { minerStates } from './reading.ts';

/** The figures of the live list, in its units: any of them can be sorted by and bounded. */
export const liveFigures = [
  'hashrate_ghs',
  'expected_hashrate_ghs',
  'hashrate_pct',
  'power_w',
  'efficiency_jth',
  'chip_temp_c',
  'inlet_temp_c',
  'fan_rpm_min',
  'accepted_shares',
  'rejected_shares',
] as const;
export type LiveFigure = (typeof liveFigures)[number];
const figures = z.array(z.number().nullable());
const names = z.array(z.string().nullable());

const liveColumns = z.strictObject({
  miner_id: z.array(minerId),
  zone_id: names,
  model: names,
  customer_id: names,
  state: z.array(z.enum(minerStates)),
  sampled_at: z.array(utcTime),
  hashrate_ghs: figures,
  expected_hashrate_ghs: figures,
  hashrate_pct: figures,
  power_w: figures,
  efficiency_jth: figures,
  chip_temp_c: figures,
  inlet_temp_c: figures,
  fan_rpm_min: figures,
  accepted_shares: figures,
  rejected_shares: figures,
});
export const liveColumnNames = Object.keys(liveColumns.shape) as (keyof z.infer<typeof liveColumns>)[];
export type LiveColumnName = (typeof liveColumnNames)[number];

/** `chip_temp_c:85` */
const bound = z.string().transform((text, context) => {
  const [name, limit, ...rest] = text.split(':');
  const figure = liveFigures.find((one) => one === name);
  if (!figure) {
    context.addIssue(`must be figure:number, with one of ${liveFigures.join(', ')}`);
    return z.NEVER;
  }
  const value = /^-?\d+(\.\d+)?$/.test(limit ?? '') ? Number(limit) : Number.NaN;
  if (rest.length > 0 || !Number.isFinite(value)) {
    context.addIssue('must be figure:number, such as chip_temp_c:85');
    return z.NEVER;
  }
  return { figure, value };
});

/** Filters join by and; the values of one by or. Without `limit` the answer is the whole site. */
export const liveQuery = z.strictObject({
  site_id: siteIdText,
  state: commaList(z.enum(minerStates), 6).optional().describe('States, separated by commas'),
  zone_id: commaList(zoneId, 50).optional().describe('Zones, separated by commas'),
  model: commaList(z.string().min(1).max(60), 50).optional().describe('Models, separated by commas'),
  customer_id: commaList(customerId, 50).optional().describe('Customers, separated by commas'),
  miner_id: commaList(minerId, 200).optional().describe('Up to 200 miner ids, separated by commas'),
  miner_prefix: minerId.optional().describe('What the miner id begins with'),
  min: commaList(bound, 10).optional().describe('Least values, such as chip_temp_c:85,power_w:3000'),
  max: commaList(bound, 10).optional().describe('Greatest values, such as hashrate_pct:80'),
  sort: z.enum(['miner_id', 'sampled_at', ...liveFigures]).default('miner_id'),
  order: z.enum(['asc', 'desc']).default('asc').describe('Miners without the figure come last either way'),
  limit: z.coerce.number().int().min(1).max(10_000).optional(),
  cursor: pageCursor(z.string().regex(/^(-?[0-9]+(\.[0-9]+)?)?~[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)),
  fields: commaList(z.enum(liveColumnNames), 20)
    .optional()
    .describe('Columns of the answer, all if left out; miner_id is always there'),
});

/**
 * The latest of every miner of a site, in columns of equal length, by miner id unless sorted otherwise; null where the
 * miner did not say. `hashrate_ghs` is the mean of the five minutes before the latest sample (GH/s),
 * `expected_hashrate_ghs` what firmware or rating expect, `hashrate_pct` the one in percent of the other; the rest are the
 * latest values. `zone_id`, `model` and `customer_id` are null for an unregistered miner. `total` counts all that the
 * filter fits, `count` those of this page.
 */
export const liveAnswer = z.strictObject({
  site_id: siteId,
  generated_at: utcTime,
  count: z.int(),
  total: z.int(),
  columns: liveColumns,
  next_cursor: z.string().optional(),
});
export type LiveAnswer = z.infer<typeof liveAnswer>;

/** The same with the columns that were asked for. */
export const livePage = liveAnswer.extend({
  columns: liveColumns.partial().required({ miner_id: true }),
});
export type LivePage = z.infer<typeof livePage>;

export const tiers = ['raw', '5min', 'daily'] as const;
export type Tier = (typeof tiers)[number];

/** `to` is left out of the interval; without `from` and `to` the newest day of what is kept (daily: 30 days). */
export const seriesQuery = z.strictObject({
  site_id: siteIdText,
  miner_id: minerId,
  tier: z.enum(tiers).default('5min'),
  from: utcTime.optional(),
  to: utcTime.optional(),
});

/** Fields as contracts/reading.ts names them, in snake case, in their own units (`hashrate_ths`). */
const rawPoint = z.strictObject({
  at: utcTime,
  state: z.enum(minerStates),
  error_codes: z.array(z.string()).optional(),
  values: z.record(z.string(), z.number()),
});
const windowPoint = z.strictObject({
  at: utcTime,
  samples: z.int(),
  hashing_samples: z.int(),
  values: z.record(
    z.string(),
    z.strictObject({ count: z.int(), mean: z.number(), min: z.number(), max: z.number() }),
  ),
  /** How far each counter rose within the window. */
  increases: z.record(z.string(), z.number()),
});
const dayPoint = z.strictObject({
  at: utcTime,
  samples: z.int(),
  availability_pct: z.number(),
  energy_kwh: z.number(),
  hashrate_th_hours: z.number(),
  avg_hashrate_ths: z.number().nullable(),
  avg_power_w: z.number().nullable(),
  min_chip_temp_c: z.number().nullable(),
  max_chip_temp_c: z.number().nullable(),
  min_inlet_temp_c: z.number().nullable(),
  max_inlet_temp_c: z.number().nullable(),
  accepted_shares: z.int(),
  rejected_shares: z.int(),
  stale_shares: z.int(),
});

const series = { site_id: siteId, miner_id: minerId, count: z.int() };
export const seriesAnswer = z.discriminatedUnion('tier', [
  z.strictObject({ ...series, tier: z.literal('raw'), points: z.array(rawPoint) }),
  z.strictObject({ ...series, tier: z.literal('5min'), points: z.array(windowPoint) }),
  z.strictObject({ ...series, tier: z.literal('daily'), points: z.array(dayPoint) }),
]);
export type SeriesAnswer = z.infer<typeof seriesAnswer>;
