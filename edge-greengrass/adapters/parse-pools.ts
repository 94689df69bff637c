import type { MinerReading } from '../../contracts/reading.ts';
import { type Fields, listOf, numberOf, present, sumOf, textOf } from './values.ts';

type PoolEntry = { readonly url: string; readonly user: string };
export type PoolsAnswer = { readonly pools: readonly PoolEntry[]; readonly values: MinerReading['values'] };

const isAlive = (pool: Fields) => textOf(pool.Status ?? pool.status)?.toLowerCase() === 'alive';
const isActive = (pool: Fields) => {
  const active = pool['Stratum Active'] ?? pool.stratum_active;
  return active === true || active === 'true';
};

/**
 * A `pools` answer of cgminer's family: shares summed over all pools since the miner's start, how many pools are
 * alive, and the place of the working one in the list, from 0.
 */
export const parsePools = (answer: Fields): PoolsAnswer => {
  const entries = listOf(answer.POOLS).filter((pool) => textOf(pool.URL ?? pool.url) !== undefined);
  if (!Array.isArray(answer.POOLS)) return { pools: [], values: {} };
  const active = entries.findIndex(isActive);
  const sum = (upper: string, lower: string) =>
    sumOf(entries.map((pool) => numberOf(pool[upper] ?? pool[lower])));
  return {
    pools: entries.map((pool) => ({
      url: textOf(pool.URL ?? pool.url) ?? '',
      user: textOf(pool.User ?? pool.user) ?? '',
    })),
    values: present({
      acceptedShares: sum('Accepted', 'accepted'),
      rejectedShares: sum('Rejected', 'rejected'),
      staleShares: sum('Stale', 'stale'),
      poolsAlive: entries.filter(isAlive).length,
      activePool: active < 0 ? undefined : active,
    }),
  };
};
