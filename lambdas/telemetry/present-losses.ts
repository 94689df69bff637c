import type * as z from 'zod';
import type { GapsAnswer, quarantineAnswer } from '../../contracts/api-telemetry-losses.ts';
import { toUtc } from '../shared/clock.ts';
import { type LiveHead, sequencesOf } from './live-repository.ts';
import type { Loss } from './loss-repository.ts';
import type { QuarantineItem } from './quarantine-repository.ts';

type QuarantinedBatch = z.infer<typeof quarantineAnswer>['batches'][number];

type Gap = GapsAnswer['gaps'][number];

/** So many losses are shown, the newest. */
const mostLosses = 1_000;

/** What is missing of a site's batches: the open gaps of its shards' heads, the oldest first, then what is lost, the newest first. */
export const presentGaps = (
  siteId: number,
  heads: readonly LiveHead[],
  losses: readonly Loss[],
): GapsAnswer => {
  const open = heads.flatMap((head) =>
    sequencesOf(head).gaps.map(({ after, upTo, before, sinceMs }) => ({
      sinceMs,
      gap: gapOf(head, { after, before, batches: upTo - after }, 'open', sinceMs),
    })),
  );
  const gaps: Gap[] = [
    ...open.toSorted((a, b) => a.sinceMs - b.sinceMs).map(({ gap }) => gap),
    ...losses
      .toSorted((a, b) => b.lost_at_ms - a.lost_at_ms)
      .slice(0, mostLosses)
      .map((loss) => {
        const { after, before, lost_at_ms } = loss;
        return gapOf(loss, { after, before, batches: before - after - 1 }, 'lost', lost_at_ms);
      }),
  ];
  return { site_id: siteId, count: gaps.length, gaps };
};

const gapOf = (
  { gateway_id, shard }: Pick<LiveHead, 'gateway_id' | 'shard'>,
  missing: Pick<Gap, 'after' | 'before' | 'batches'>,
  status: Gap['status'],
  atMs: number,
): Gap => ({ gateway_id, shard, ...missing, status, at: toUtc(atMs) });

/** A batch that was set aside, with what came of its last replay. */
export const presentEntry = ({
  received_at_ms,
  replay,
  replayed_at_ms,
  replay_detail,
  ...entry
}: QuarantineItem): QuarantinedBatch => ({
  ...entry,
  received_at: toUtc(received_at_ms),
  replay: replay ?? 'none',
  ...(replayed_at_ms !== undefined && { replayed_at: toUtc(replayed_at_ms) }),
  ...(replay_detail && { replay_detail }),
});
