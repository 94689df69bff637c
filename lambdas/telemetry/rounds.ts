import type { Clock } from '../shared/clock.ts';
import { rereading } from './read-tiers.ts';

/**
 * Does rounds, each safe to repeat, until nothing is left or `forMs` is over; true where something is left then. A round that finds a
 * block replaced under its hands, as another roll-up of the shard does beside it, begins anew.
 */
export const doRounds = async (
  round: () => Promise<{ readonly isMore: boolean }>,
  { nowMs }: Clock,
  forMs: number,
): Promise<boolean> => {
  const untilMs = nowMs() + forMs;
  for (;;) {
    if (!(await rereading(round)).isMore) return false;
    if (nowMs() > untilMs) return true;
  }
};
