import type { StateFile } from '../state/state-file.ts';

/**
 * Puts every configured miner into a shard of at most `size` and remembers it: a miner keeps its shard over restarts
 * and whatever is added or removed beside it, because the cloud's blocks are kept by shard.
 */
export const assignShards = (
  state: StateFile,
  minerIds: readonly string[],
  size: number,
): ReadonlyMap<string, number> =>
  state.transact(() => {
    const configured = new Set(minerIds);
    const shards = new Map<string, number>();
    const filled = new Map<number, number>();
    for (const { miner_id: id, shard } of state.db
      .prepare('SELECT miner_id, shard FROM shard_member')
      .all()) {
      if (typeof id !== 'string' || typeof shard !== 'number') continue;
      const used = filled.get(shard) ?? 0;
      if (!configured.has(id) || used >= size) continue;
      shards.set(id, shard);
      filled.set(shard, used + 1);
    }
    let candidate = 0;
    const remember = state.db.prepare(
      'INSERT INTO shard_member (miner_id, shard) VALUES (?, ?) ON CONFLICT (miner_id) DO UPDATE SET shard = excluded.shard',
    );
    for (const id of minerIds) {
      if (shards.has(id)) continue;
      while ((filled.get(candidate) ?? 0) >= size) candidate++;
      shards.set(id, candidate);
      filled.set(candidate, (filled.get(candidate) ?? 0) + 1);
      remember.run(id, candidate);
    }
    return shards;
  });
