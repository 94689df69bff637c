/** What a gateway sends together (edge-greengrass/config.ts). */
export const shardMiners = 1_000;

/** The numbers of each shard's miners. */
export const shardsOf = (miners: number) =>
  Array.from({ length: Math.ceil(miners / shardMiners) }, (_, shard) => ({
    shard,
    numbers: Array.from(
      { length: Math.min(shardMiners, miners - shard * shardMiners) },
      (_, at) => shard * shardMiners + at,
    ),
  }));
