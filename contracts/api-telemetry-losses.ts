import * as z from 'zod';
import { gatewayId, siteId, siteIdText, utcTime } from './identifiers.ts';
import { pageCursor } from './page-cursor.ts';

export const gapsQuery = z.strictObject({ site_id: siteIdText });

/**
 * Batches that are missing, by gateway and shard: the sequences after `after` and before `before`. `open` ones are asked for
 * again from the gateway's spool; `lost` ones the gateway no longer has, for good. `batches`: at most so many, for a gateway that thins its
 * spool sends one batch in the place of several. `at`: since when it has been missing, or when it was declared lost.
 */
export const gapsAnswer = z.strictObject({
  site_id: siteId,
  count: z.int(),
  gaps: z.array(
    z.strictObject({
      gateway_id: gatewayId,
      shard: z.int(),
      after: z.int(),
      before: z.int(),
      batches: z.int(),
      status: z.enum(['open', 'lost']),
      at: utcTime.optional(),
    }),
  ),
});
export type GapsAnswer = z.infer<typeof gapsAnswer>;

export const quarantineQuery = z.strictObject({
  site_id: siteIdText,
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: pageCursor(z.string().regex(/^[0-9]{14}#q-[0-9a-f]{24}$/)),
});

export const replayStates = ['none', 'replayed', 'refused'] as const;
/**
 * Batches that could not be used, newest first. `fault` is a code of contracts/telemetry-batch.ts, `UNKNOWN_GATEWAY`, `WRONG_PLACE`,
 * `FOREIGN_MINER`, `FROM_THE_FUTURE` or `WINDOW_SEALED`. `replay` says what came of the last replay, if there was one.
 */
export const quarantineAnswer = z.strictObject({
  batches: z.array(
    z.strictObject({
      quarantine_id: z.string(),
      gateway_id: z.string(),
      fault: z.string(),
      detail: z.string(),
      bytes: z.int(),
      received_at: utcTime,
      replay: z.enum(replayStates),
      replayed_at: utcTime.optional(),
      replay_detail: z.string().optional(),
    }),
  ),
  count: z.int(),
  next_cursor: z.string().optional(),
});

export const quarantineId = z.string().regex(/^q-[0-9a-f]{24}$/, 'must be a quarantine id');
export const quarantinePath = z.strictObject({ quarantine_id: quarantineId });
export const replayRequest = z.strictObject({ site_id: siteId });
/** What came of it: the batch's readings are in the tiers now, or it is still unusable and says why. */
export const replayAnswer = z.strictObject({
  quarantine_id: quarantineId,
  replay: z.enum(['replayed', 'refused']),
  fault: z.string().optional(),
  detail: z.string().optional(),
});
