import * as z from 'zod';
import { alertKinds, severities } from '../../contracts/alert.ts';
import { epochMs } from '../../contracts/identifiers.ts';

/** How far one kind of anomaly has got on one miner: samples in a row that spoke for it or against it. */
export const kindWatch = z.strictObject({
  bad: z.int().nonnegative(),
  good: z.int().nonnegative(),
  /** The first of the bad samples in a row. */
  sinceMs: epochMs.optional(),
  /** Present while the anomaly holds: its severity, and when it was last reported. */
  active: z.strictObject({ severity: z.enum(severities), toldMs: epochMs }).optional(),
});
export type KindWatch = z.infer<typeof kindWatch>;

/** What the detectors remember of one miner between two samples; part of its live block. */
export const detectorState = z.strictObject({
  kinds: z.partialRecord(z.enum(alertKinds), kindWatch),
  /** When the miner was last seen to begin anew: booted, or hashing again after it was stopped. */
  startedMs: epochMs.optional(),
  /** When it first reached its expected hashrate after that. */
  rampedMs: epochMs.optional(),
  /** Mean absolute deviation of hashrate from its own five-minute mean, as a share of the expected. */
  noise: z.number().nonnegative().optional(),
  /** Batches of its shard in a row that came without it. */
  missed: z.int().nonnegative().optional(),
});
export type DetectorState = z.infer<typeof detectorState>;

export const freshState: DetectorState = { kinds: {} };
