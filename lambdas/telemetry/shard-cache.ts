import type { StoredBytes } from './block-store.ts';
import type { KnownShard } from './known-shard.ts';
import type { Shard } from './telemetry-keys.ts';

export type CachedShard = KnownShard & { readonly stored?: StoredBytes | undefined };

/** Bytes of packed states that a process remembers: some hundred shards of 1,000 miners. */
const mostBytes = 16 * 1024 * 1024;

/**
 * Remembers the shards that this process wrote last, packed, so that the next batch of a shard needs no read. One that has become old
 * fails the condition on its version and is read again.
 */
export const shardCache = (read: (shard: Shard) => Promise<CachedShard>) => {
  const shards = new Map<string, CachedShard>();
  let bytes = 0;
  const keyOf = ({ siteId, gatewayId, shard }: Shard) => `${siteId}/${gatewayId}/${shard}`;
  const forget = (key: string) => {
    bytes -= shards.get(key)?.bytes?.length ?? 0;
    shards.delete(key);
  };
  return {
    readShard: async (shard: Shard, fresh: boolean) =>
      (fresh ? undefined : shards.get(keyOf(shard))) ?? read(shard),
    remember: (known: CachedShard) => {
      const key = keyOf(known.shard);
      forget(key);
      shards.set(key, known);
      bytes += known.bytes?.length ?? 0;
      for (const oldest of shards.keys()) {
        if (bytes <= mostBytes) break;
        forget(oldest);
      }
    },
    forget: (shard: Shard) => forget(keyOf(shard)),
  };
};
