import * as z from 'zod';
import type { MinerOrder, Pool } from '../../../contracts/command.ts';
import { powerModes } from '../../../contracts/reading.ts';
import type { Restoration } from '../miner-adapter.ts';

/** The settings of a Whatsminer's snapshot. */
const recorded = z.object({
  pools: z.array(z.object({ url: z.string(), user: z.string() })).default([]),
  mode: z.enum(powerModes).optional(),
  powerLimitW: z.number().optional(),
  led: z.boolean().optional(),
});

/** The miner never tells a pool's password. Most pools ignore it, and this is what operators enter then. */
const customaryPassword = 'x';

/** The order that puts back what an order changed; undefined where that was not recorded or cannot be put back. */
export const reverseOrder = ({ order, before, earlierPools }: Restoration): MinerOrder | undefined => {
  const parsed = recorded.safeParse(before.settings);
  if (!parsed.success) return undefined;
  const { pools, mode, powerLimitW, led } = parsed.data;
  switch (order.type) {
    case 'HASHING_DISABLE':
    case 'HASHING_ENABLE':
      return { type: before.reading.state === 'stopped' ? 'HASHING_DISABLE' : 'HASHING_ENABLE', params: {} };
    case 'POWER_MODE':
      return mode && { type: 'POWER_MODE', params: { mode } };
    case 'POWER_LIMIT':
      return powerLimitW === undefined ? undefined : { type: 'POWER_LIMIT', params: { limitW: powerLimitW } };
    case 'LED':
      return led === undefined ? undefined : { type: 'LED', params: { on: led } };
    case 'POOL_SET':
      return pools.length === 0
        ? undefined
        : { type: 'POOL_SET', params: { pools: pools.map((pool) => withPassword(pool, earlierPools)) } };
    case 'MINER_RESTART':
    case 'SET_FAN':
    case 'FREQUENCY_SET':
      return undefined;
  }
};

const withPassword = ({ url, user }: Pick<Pool, 'url' | 'user'>, earlier: readonly Pool[]): Pool => ({
  url,
  user,
  password: earlier.find((pool) => pool.url === url && pool.user === user)?.password ?? customaryPassword,
});
