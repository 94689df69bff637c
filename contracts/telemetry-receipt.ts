import * as z from 'zod';
import { epochMs, gatewayId, siteId } from './identifiers.ts';

/**
 * How sequences of a shard meet. A batch stands for everything of its shard **after its `previousSequence` up to its `sequence`**: a gateway
 * that was offline folds neighbours into one batch, which has the newest sequence and the oldest's `previousSequence`, so it may overlap
 * what the cloud has, and links of `previousSequence` are compared with `<=`, not with `===`. Sequences count over all shards of
 * a gateway and never come twice: a new state file (a replaced disk) begins at the clock's milliseconds (about 1.8e12, below 2^53).
 *
 * `previousSequence` 0 begins a chain. Where the cloud already knows a chain of that shard that ended lower, the gateway lost its state: nothing is
 * missing between the two that anybody could still send, so the new chain continues the old one's `through` and `highest`; open gaps of
 * the old chain stay open until the gateway says `telemetryGone` of them. Fresh batches overtake an old backlog, so a gap that the gateway still has in its
 * queue is usual while it drains; asking for it costs nothing.
 */
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

/**
 * Gaps that the gateway cannot fill: their batches were dropped from its full spool, or lost with its disk. They may be parts of the gaps of a
 * receipt; `after` and `before` are then the sequences of batches that the gateway still has and is about to send.
 */
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
