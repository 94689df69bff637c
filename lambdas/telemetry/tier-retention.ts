import { type LateRun, windowNumber } from './tier-levels.ts';
import { keptMs } from './windows.ts';

type Tier = 'raw' | 'history' | 'daily';

/**
 * Whether a row may still be read: for its tier's keep from its time; one that was older than that already when it came (a
 * replayed recording, the end of a long outage) for the keep from its receipt. What lies on the disk longer is not shown.
 */
export const isVisible = (tier: Tier, atMs: number, receivedAtMs: number, nowMs: number) => {
  const keep = keptMs[tier];
  if (nowMs < atMs + keep) return true;
  return receivedAtMs >= atMs + keep && nowMs < receivedAtMs + keep;
};

/** From when on rows may be read whenever they came: what is older may only where it came late. */
export const visibleFrom = (tier: Tier, nowMs: number) => nowMs - keptMs[tier] + 1;

/** The same for the rows of a block, of which only the late receipts are known, by window. */
export const visibilityIn = (tier: Tier, late: readonly LateRun[], nowMs: number) => {
  const keep = keptMs[tier];
  const shown = late.filter(([, , receivedAtMs]) => nowMs < receivedAtMs + keep);
  return (atMs: number) => {
    if (nowMs < atMs + keep) return true;
    const window = windowNumber(atMs);
    return shown.some(
      ([first, count, receivedAtMs]) =>
        window >= first && window < first + count && receivedAtMs >= atMs + keep,
    );
  };
};
