import type { GapsAnswer } from '../../contracts/api-telemetry-losses.ts';
import { toUtc } from '../shared/clock.ts';
import { type LiveHead, sequencesOf } from './live-repository.ts';

type Gap = GapsAnswer['gaps'][number];

/** What is missing of a site's batches: the open gaps of its shards' heads. */
export const openGapsOf = (heads: readonly LiveHead[]): Gap[] =>
  heads.flatMap((head) =>
    sequencesOf(head).gaps.map(({ after, upTo, sinceMs }) => ({
      gateway_id: head.gateway_id,
      shard: head.shard,
      after,
      before: upTo + 1,
      batches: upTo - after,
      status: 'open' as const,
      at: toUtc(sinceMs),
    })),
  );
