import type { Clock } from '../shared/clock.ts';
import { pendingBatches } from './batch-repository.ts';
import { readHeads } from './live-repository.ts';
import { dueGroups } from './roll-up-groups.ts';
import { dueSpans } from './roll-up-levels.ts';
import { shardsOfSite } from './roster-repository.ts';
import type { Shard } from './telemetry-keys.ts';
import type { TierStore } from './tier-repository.ts';
import { windowMs, windowOf } from './windows.ts';

/** A batch whose window is over for longer than this waits for a roll-up that nobody will ask for. */
const overlookedMs = 2 * 60_000;
const atOnce = 16;

/** What of a site is to be rolled up: found from the batches and blocks themselves. */
export const findDue =
  (store: TierStore & { readonly clock: Clock }) =>
  async (siteId: number): Promise<{ readonly shards: Shard[]; readonly groups: boolean }> => {
    const known = new Map<string, Shard>();
    for (const { gateway_id, shard } of await readHeads(store)(siteId))
      known.set(`${gateway_id}/${shard}`, { siteId, gatewayId: gateway_id, shard });
    for (const shard of await shardsOfSite(store)(siteId))
      known.set(`${shard.gatewayId}/${shard.shard}`, shard);
    const all = [...known.values()];
    const shards: Shard[] = [];
    for (let at = 0; at < all.length; at += atOnce) {
      const some = all.slice(at, at + atOnce);
      const due = await Promise.all(some.map((shard) => isDue(store, shard)));
      shards.push(...some.filter((_, index) => due[index]));
    }
    const groups = await Promise.all([dueGroups(store)(siteId, 'five'), dueGroups(store)(siteId, 'hour')]);
    return { shards, groups: groups.some((spans) => spans.length > 0) };
  };

const isDue = async (store: TierStore & { readonly clock: Clock }, shard: Shard) => {
  const [oldest] = await pendingBatches(store)(shard, 1);
  const over = store.clock.nowMs() - windowMs - overlookedMs;
  if (oldest && Math.max(windowOf(oldest.firstMs), oldest.mergedBeforeMs ?? 0) < over) return true;
  const spans = await Promise.all(
    (['five', 'quarter'] as const).map((level) => dueSpans(store)(shard, level)),
  );
  return spans.some((found) => found.length > 0);
};
