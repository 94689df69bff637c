import type { LiveBlock } from './live-block.ts';
import type { CommitBatch } from './live-repository.ts';
import type { Receipt } from './receipt.ts';
import type { Shard } from './telemetry-keys.ts';

type Store = {
  readonly readBlock: (shard: Shard) => Promise<LiveBlock>;
  readonly commitBatch: (
    block: LiveBlock,
    name: string,
    receipt: Receipt,
    receivedAtMs: number,
  ) => Promise<CommitBatch>;
};

const most = 200;

/**
 * Remembers the blocks that this function wrote last, so that the next batch of a shard needs no read. A remembered
 * block that has become old fails the condition on its version and is read again.
 */
export const cachedBlocks = ({ readBlock, commitBatch }: Store) => {
  const blocks = new Map<string, LiveBlock>();
  const keyOf = ({ siteId, gatewayId, shard }: Shard) => `${siteId}/${gatewayId}/${shard}`;
  return {
    readBlock: async (shard: Shard, fresh: boolean) =>
      (fresh ? undefined : blocks.get(keyOf(shard))) ?? readBlock(shard),
    commitBatch: async (block: LiveBlock, name: string, receipt: Receipt, receivedAtMs: number) => {
      const committed = await commitBatch(block, name, receipt, receivedAtMs);
      blocks.delete(keyOf(block));
      if (committed.outcome === 'committed')
        blocks.set(keyOf(block), { ...block, version: block.version + 1 });
      const oldest = blocks.size > most ? blocks.keys().next().value : undefined;
      if (oldest !== undefined) blocks.delete(oldest);
      return committed;
    },
  };
};

/** Runs what belongs to one key one after the other, and different keys side by side. */
export const inTurns = () => {
  const last = new Map<string, Promise<unknown>>();
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine.catch(() => undefined);
    last.set(key, settled);
    try {
      return await mine;
    } finally {
      if (last.get(key) === settled) last.delete(key);
    }
  };
};
