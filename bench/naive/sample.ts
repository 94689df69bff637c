import * as z from 'zod';

/** One sample as the naive gateway publishes it: JSON, all fields. */
const sample = z.strictObject({
  site_id: z.number(),
  miner_id: z.string(),
  sampled_at_ms: z.number(),
  state: z.string(),
  values: z.record(z.string(), z.number()),
});
export type Sample = z.infer<typeof sample>;
export const parseSample = (event: unknown): Sample => sample.parse(event);

/** What a schedule asks of the naive roll-up. */
const rollUp = z.strictObject({
  from: z.enum(['RAW', 'FIVE']),
  to: z.enum(['FIVE', 'DAY']),
  minerIds: z.array(z.string()),
  fromMs: z.number(),
  toMs: z.number(),
});
export type RollUp = z.infer<typeof rollUp>;
export const parseRollUp = (event: unknown): RollUp => rollUp.parse(event);

export const keptDays = { FIVE: 90, DAY: 400 } as const;
