const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Standard Webhooks' schedule: what is waited before each attempt. Ten attempts over 75 hours and a half. */
export const retryDelaysMs: readonly number[] = [
  0,
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];
const longestMs = 24 * hour;
/** Whoever asks for less gets at least this long. */
const throttledMs = minute;
const throttling: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** Up to so much longer, by chance, so that what failed together does not come together again. */
const jitter = 0.1;

/**
 * How long to wait before the next attempt, when `made` have failed; undefined when it was the last. A receiver's
 * Retry-After makes it longer, never shorter and never longer than a day; `random` is in [0, 1).
 */
export const nextDelayMs = (
  made: number,
  answer: { readonly statusCode?: number; readonly retryAfterMs?: number },
  random: () => number,
): number | undefined => {
  const planned = retryDelaysMs[made];
  if (planned === undefined) return undefined;
  const least = throttling.has(answer.statusCode ?? 0) ? throttledMs : 0;
  const asked = Math.min(answer.retryAfterMs ?? 0, longestMs);
  return Math.round(Math.max(planned * (1 + jitter * random()), least, asked));
};
