import * as z from 'zod';
import { minerId, siteId, siteIdText, utcTime } from './identifiers.ts';
import { pageCursor } from './page-cursor.ts';
import { minerStates } from './reading.ts';

export const liveQuery = z.strictObject({ site_id: siteIdText });

const figures = z.array(z.number().nullable());

/**
 * The latest of every miner of a site, in columns of equal length ordered by miner id; null where the miner did not
 * say. `hashrate_ghs` is the mean of the five minutes before the latest sample (GH/s), `expected_hashrate_ghs` what
 * firmware or rating expect; the rest are the latest values. `zone_id` and `model` are null for an unregistered miner.
 */
export const liveAnswer = z.strictObject({
  site_id: siteId,
  generated_at: utcTime,
  count: z.int(),
  columns: z.strictObject({
    miner_id: z.array(minerId),
    zone_id: z.array(z.string().nullable()),
    model: z.array(z.string().nullable()),
    state: z.array(z.enum(minerStates)),
    sampled_at: z.array(utcTime),
    hashrate_ghs: figures,
    expected_hashrate_ghs: figures,
    power_w: figures,
    efficiency_jth: figures,
    chip_temp_c: figures,
    inlet_temp_c: figures,
    fan_rpm_min: figures,
    accepted_shares: figures,
    rejected_shares: figures,
  }),
});
export type LiveAnswer = z.infer<typeof liveAnswer>;

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

export const quarantineQuery = z.strictObject({
  site_id: siteIdText,
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: pageCursor(z.string().regex(/^[0-9]{14}#q-[0-9a-f]{24}$/)),
});

/** Batches that could not be used, newest first. `fault` is a code of contracts/telemetry-batch.ts, `UNKNOWN_GATEWAY`, `WRONG_PLACE`, `FOREIGN_MINER` or `FROM_THE_FUTURE`. */
export const quarantineAnswer = z.strictObject({
  batches: z.array(
    z.strictObject({
      quarantine_id: z.string(),
      gateway_id: z.string(),
      fault: z.string(),
      detail: z.string(),
      bytes: z.int(),
      received_at: utcTime,
    }),
  ),
  count: z.int(),
  next_cursor: z.string().optional(),
});
