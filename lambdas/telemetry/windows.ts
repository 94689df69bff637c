/** The tiers' windows: aligned to UTC, closed at the start, open at the end. */
export const windowMs = 5 * 60_000;
export const dayMs = 24 * 60 * 60_000;

export const windowOf = (atMs: number) => atMs - (atMs % windowMs);

/** How long each tier is kept, counted from receipt, so that replayed history is seen as long as fresh data. */
export const keptMs = {
  raw: dayMs,
  history: 90 * dayMs,
  daily: 400 * dayMs,
  quarantine: 30 * dayMs,
  export: 7 * dayMs,
} as const;

/**
 * How long raw rows stay physically, from when they were last written: a window whose rows are still there can be computed again, so
 * late rows change its history exactly. S3 deletes no sooner than this (lib/telemetry/telemetry-buckets.ts).
 */
export const rawBytesKeptMs = 8 * dayMs;
