import * as z from 'zod';
import { epochMs, gatewayId, siteId } from './identifiers.ts';

const sequence = z.int().nonnegative();
/** Batches of a shard that are missing: those after `after` and before `before`, both of which the cloud has (0: the beginning). */
export const sequenceGap = z.strictObject({ after: sequence, before: sequence });
export type SequenceGap = z.infer<typeof sequenceGap>;

/**
 * What the cloud has made durable of a gateway's batches, by shard: everything up to `through`, and beyond it everything but the `gaps`, up to `highest`.
 * The gateway may forget what is covered, sends what is missing again, and says `telemetryGone` of what it no longer has.
 */
export const telemetryReceipt = z.strictObject({
  version: z.literal(1),
  siteId,
  gatewayId,
  issuedAtMs: epochMs,
  shards: z
    .array(
      z.strictObject({
        shard: z.int().nonnegative(),
        through: sequence,
        highest: sequence,
        gaps: z.array(sequenceGap).max(50),
      }),
    )
    .min(1)
    .max(500),
});
export type TelemetryReceipt = z.infer<typeof telemetryReceipt>;

/** Gaps that the gateway cannot fill: their batches were dropped from its full spool, or lost with its disk. */
export const telemetryGone = z.strictObject({
  version: z.literal(1),
  siteId,
  gatewayId,
  gone: z
    .array(sequenceGap.extend({ shard: z.int().nonnegative() }))
    .min(1)
    .max(200),
});
export type TelemetryGone = z.infer<typeof telemetryGone>;
