export type Launch<T> = {
  readonly item: T;
  /** After the sweep's start. */
  readonly atMs: number;
};

/** Launches within so much of each other are one. */
const stepMs = 50;

/**
 * When each of the items begins: shard after shard over `spreadMs`, within its shard at its own place in [0, 1). So a shard's readings
 * lie close together in time, and its batch leaves while the next shard is asked.
 */
export const launches = <T>(
  shards: ReadonlyMap<number, readonly T[]>,
  spreadMs: number,
  placeOf: (item: T) => number,
  isDue: (item: T) => boolean,
): readonly (readonly [shard: number, launched: readonly Launch<T>[]])[] =>
  [...shards].map(([shard, items], at) => {
    const launched = items.filter(isDue).map((item) => ({
      item,
      atMs: Math.floor(((at + placeOf(item)) * spreadMs) / shards.size / stepMs) * stepMs,
    }));
    return [shard, launched.toSorted((a, b) => a.atMs - b.atMs)] as const;
  });
