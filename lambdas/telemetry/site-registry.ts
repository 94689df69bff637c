import type { RegisteredMiner } from '../fleet/fleet-directory.ts';
import type { Clock } from '../shared/clock.ts';
import type { FactsOf } from './apply-columns.ts';

const freshMs = 60_000;
const askAgainMs = 5_000;

/** A site's registry, kept for a minute, read again early where a miner is not in it. */
export const siteRegistry = (
  readMiners: (siteId: number) => Promise<readonly RegisteredMiner[]>,
  clock: Clock,
) => {
  const sites = new Map<
    number,
    { readonly readMs: number; readonly miners: ReadonlyMap<string, RegisteredMiner> }
  >();
  return async (siteId: number, ids: readonly string[]): Promise<FactsOf> => {
    const age = clock.nowMs() - (sites.get(siteId)?.readMs ?? Number.NEGATIVE_INFINITY);
    const missing = ids.some((id) => !sites.get(siteId)?.miners.has(id));
    if (age >= freshMs || (missing && age >= askAgainMs)) {
      const miners = await readMiners(siteId);
      sites.set(siteId, {
        readMs: clock.nowMs(),
        miners: new Map(miners.map((miner) => [miner.minerId, miner])),
      });
    }
    return (minerId) => sites.get(siteId)?.miners.get(minerId);
  };
};
