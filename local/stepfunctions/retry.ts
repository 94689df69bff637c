import type { Retrier } from './definition.ts';
import { matchesError } from './state-error.ts';

/** How often each retrier of the state has been used since the state was entered. */
export type RetryCounts = readonly number[];

/**
 * Whether a failed state runs again. The first retrier that matches decides: nothing when its attempts are used up, or
 * else the wait before the next attempt: interval × rate^used, at most MaxDelaySeconds, with full jitter a random part.
 */
export const nextRetry = (
  retriers: readonly Retrier[],
  counts: RetryCounts,
  error: string,
  random: () => number,
): { readonly delayMs: number; readonly counts: RetryCounts } | undefined => {
  const index = retriers.findIndex(({ ErrorEquals }) => matchesError(ErrorEquals, error));
  const retrier = retriers[index];
  if (!retrier) return undefined;
  const used = counts[index] ?? 0;
  if (used >= retrier.MaxAttempts) return undefined;
  const grown = retrier.IntervalSeconds * retrier.BackoffRate ** used;
  const capped = Math.min(grown, retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY);
  const delaySeconds = retrier.JitterStrategy === 'FULL' ? capped * random() : capped;
  return {
    delayMs: Math.round(delaySeconds * 1000),
    counts: retriers.map((_, position) => (counts[position] ?? 0) + (position === index ? 1 : 0)),
  };
};
