import * as z from 'zod';
import { ranks } from '../../contracts/access.ts';
import { type HaltScope, haltScopes } from '../../contracts/halt.ts';
import { epochMs, gatewayId, siteId, tenantId, userId } from '../../contracts/identifiers.ts';

/** What a kill switch is over. */
export type HaltPlace =
  | { readonly scope: 'tenant'; readonly tenantId: string }
  | { readonly scope: 'site'; readonly tenantId: string; readonly siteId: number }
  | {
      readonly scope: 'gateway';
      readonly tenantId: string;
      readonly siteId: number;
      readonly gatewayId: string;
    };

const liftVote = z.object({
  userId,
  name: z.string(),
  rank: z.enum(ranks),
  atMs: epochMs,
  reason: z.string(),
});

/** One kill switch. `epoch` grows with each change of `halted`; `lift` are those who want it lifted. */
export const haltRecord = z.object({
  scope: z.enum(haltScopes),
  tenantId,
  siteId: siteId.optional(),
  gatewayId: gatewayId.optional(),
  halted: z.boolean(),
  epoch: z.int().nonnegative(),
  revision: z.int().nonnegative(),
  reason: z.string(),
  by: z.string(),
  atMs: epochMs,
  lift: z.array(liftVote).max(20),
});
export type HaltRecord = z.infer<typeof haltRecord>;

/** How long one person's wish to lift waits for a second's. */
export const liftVoteLifeMs = 15 * 60_000;
/** People who must want it lifted, one of them a manager or above. */
export const liftVotesNeeded = 2;

/** All switches over one gateway, as they stood at one moment; undefined for one that was never used. */
export type Halts = Readonly<Record<HaltScope, HaltRecord | 'unreadable' | undefined>>;

/** Halted where any switch is, or cannot be read. The epochs' sum grows with every change of any of them. */
export const combined = (halts: Halts): { readonly halted: boolean; readonly epoch: number } => {
  const all = haltScopes.map((scope) => halts[scope]);
  return {
    halted: all.some((one) => one === 'unreadable' || one?.halted),
    epoch: all.reduce((sum, one) => sum + (one === 'unreadable' ? 0 : (one?.epoch ?? 0)), 0),
  };
};
