import * as z from 'zod';
import { commaList } from './comma-list.ts';
import { minerId, siteId, siteIdText, utcTime } from './identifiers.ts';
import { minerStates } from './reading.ts';
import { readingFieldText } from './reading-wire-names.ts';

export const resolutions = ['raw', '5min', 'hour', 'day'] as const;
export type Resolution = (typeof resolutions)[number];
export const seriesStatistics = ['mean', 'min', 'max', 'count'] as const;
export type SeriesStatistic = (typeof seriesStatistics)[number];

/** More points than this no answer has; `auto` chooses the finest resolution with at most `max_points`. */
export const pointLimits = { most: 50_000, usual: 2_500 } as const;

const range = { from: utcTime.optional(), to: utcTime.optional() };
const maxPoints = z.coerce
  .number()
  .int()
  .min(1)
  .max(pointLimits.most)
  .optional()
  .describe(
    `At most so many points: auto takes a coarser resolution, another is refused above it (auto ${pointLimits.usual}, else ${pointLimits.most})`,
  );

export const minerPath = z.strictObject({ miner_id: minerId });
/** `to` is left out of the interval; without `from` and `to` the newest 24 hours. */
export const minerSeriesQuery = z.strictObject({
  site_id: siteIdText,
  ...range,
  resolution: z
    .enum(['auto', ...resolutions])
    .default('auto')
    .describe('raw within the last 24 h, 5min and hour within 90 d, day within 400 d'),
  fields: commaList(readingFieldText, 30)
    .optional()
    .describe('Fields of a reading, separated by commas; hashrate_ths,power_w,chip_temp_c if left out'),
  stats: commaList(z.enum(seriesStatistics), 4)
    .optional()
    .describe('Of mean, min, max, count, separated by commas; mean,min,max if left out'),
  max_points: maxPoints,
});

const figures = z.array(z.number().nullable());
const counts = z.array(z.int());
const epochMsArray = z
  .array(z.number())
  .describe('Epoch milliseconds (UTC): the sample, or the beginning of the window or of the site’s day');

/** Raw fields and counters have `value`, gauges of windows and days the statistics, counters of windows and days `increase`. */
const fieldSeries = z.strictObject({
  unit: z.string(),
  kind: z.enum(['gauge', 'counter']),
  value: figures.optional(),
  mean: figures.optional(),
  min: figures.optional(),
  max: figures.optional(),
  count: counts.optional(),
  increase: figures.optional(),
});
export type FieldSeries = z.infer<typeof fieldSeries>;

/** What only a day says, in columns. */
export const dayColumns = z.strictObject({
  availability_pct: figures,
  energy_kwh: figures,
  hashrate_th_hours: figures,
  accepted_shares: figures,
  rejected_shares: figures,
  stale_shares: figures,
});

/**
 * One miner over time, in columns: `at` and every array have `count` entries. Windows and days form an unbroken grid
 * of `step_ms`, with null (and 0 samples) where nothing was heard; raw samples stand at their own times, usually
 * `step_ms` apart. A miner's zero is 0. `fields` has those fields that the tier keeps: a day knows hashrate, power, chip and
 * inlet temperature.
 */
export const minerSeriesAnswer = z.strictObject({
  site_id: siteId,
  miner_id: minerId,
  from: utcTime,
  to: utcTime,
  tier: z.enum(['raw', '5min', 'daily']),
  resolution: z.enum(resolutions),
  step_ms: z.int().nullable(),
  time_zone: z.string(),
  count: z.int(),
  at: epochMsArray,
  /** Raw only. */
  state: z.array(z.enum(minerStates)).optional(),
  /** Windows and days: how many samples, and how many of them hashed. */
  samples: counts.optional(),
  hashing_samples: counts.optional(),
  fields: z.record(z.string(), fieldSeries),
  days: dayColumns.optional(),
});
export type MinerSeriesAnswer = z.infer<typeof minerSeriesAnswer>;

export const groupings = ['site', 'zone', 'model', 'customer'] as const;
export type Grouping = (typeof groupings)[number];
const groupKey = z.string().min(1).max(64);

/** Without `key` every group of the site. Without `from` and `to` the newest 24 hours. */
export const aggregatesQuery = z.strictObject({
  site_id: siteIdText,
  by: z.enum(groupings).default('site'),
  key: groupKey.optional().describe('One zone, model or customer'),
  ...range,
  resolution: z.enum(['auto', '5min', 'hour', 'day']).default('auto'),
  max_points: maxPoints,
});

/**
 * Sums and means over the miners of each group, in columns like a miner's series. `hashrate_ths` and `power_w` are sums over
 * the miners heard of (`miners`), of each miner's mean in the window; longer steps have the means of their windows. `hashing_pct` is the
 * share of samples that hashed, `hashing_miners` how many hashed in at least half of theirs.
 */
export const aggregatesAnswer = z.strictObject({
  site_id: siteId,
  by: z.enum(groupings),
  from: utcTime,
  to: utcTime,
  resolution: z.enum(['5min', 'hour', 'day']),
  step_ms: z.int().nullable(),
  time_zone: z.string(),
  count: z.int(),
  at: epochMsArray,
  groups: z.array(
    z.strictObject({
      key: z.string(),
      miners: counts,
      hashing_miners: counts,
      samples: counts,
      hashing_pct: figures,
      hashrate_ths: figures,
      expected_hashrate_ths: figures,
      power_w: figures,
      efficiency_jth: figures,
      mean_chip_temp_c: figures,
      max_chip_temp_c: figures,
      mean_inlet_temp_c: figures,
      max_inlet_temp_c: figures,
    }),
  ),
});
export type AggregatesAnswer = z.infer<typeof aggregatesAnswer>;

export const availabilitySorts = [
  'key',
  'availability_pct',
  'outages',
  'mttr_minutes',
  'mtbf_hours',
  'longest_outage_minutes',
  'unknown_hours',
] as const;
/** Without `from` and `to` the newest 30 days. */
export const availabilityQuery = z.strictObject({
  site_id: siteIdText,
  by: z.enum(['miner', ...groupings]).default('site'),
  ...range,
  zone_id: z.string().max(64).optional().describe('Only miners of this zone'),
  model: z.string().max(64).optional().describe('Only miners of this model'),
  customer_id: z.string().max(64).optional().describe('Only miners of this customer'),
  miner_id: commaList(minerId, 200).optional().describe('Only these miners, separated by commas'),
  sort: z.enum(availabilitySorts).default('key'),
  order: z.enum(['asc', 'desc']).default('asc'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});

/** What counts as up, down, planned and unknown: docs/telemetry-definitions.md. Null where nothing is to be divided by. */
export const availabilityAnswer = z.strictObject({
  site_id: siteId,
  by: z.enum(['miner', ...groupings]),
  from: utcTime,
  to: utcTime,
  time_zone: z.string(),
  count: z.int(),
  total: z.int(),
  columns: z.strictObject({
    key: z.array(z.string()),
    miners: counts,
    availability_pct: figures,
    up_hours: figures,
    down_hours: figures,
    planned_hours: figures,
    unknown_hours: figures,
    outages: counts,
    mttr_minutes: figures,
    mtbf_hours: figures,
    longest_outage_minutes: figures,
  }),
});
export type AvailabilityAnswer = z.infer<typeof availabilityAnswer>;
