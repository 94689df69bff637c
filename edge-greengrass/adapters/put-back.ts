import * as z from 'zod';
import type { MinerOrder, Pool } from '../../contracts/command.ts';
import { powerModes } from '../../contracts/reading.ts';
import type { Restoration } from './miner-adapter.ts';

/** What a write is to bring about: an order, or the end of one that has no opposite among the orders. */
export type Wanted =
  | MinerOrder
  | { readonly type: 'FAN_AUTO'; readonly params: Readonly<Record<string, never>> };

/** The settings that a snapshot of `plainAdapter` holds. */
const recorded = z.object({
  pools: z.array(z.object({ url: z.string(), user: z.string(), password: z.string().optional() })).optional(),
  mode: z.enum(powerModes).optional(),
  powerLimitW: z.number().optional(),
  led: z.boolean().optional(),
  fan: z.union([z.number(), z.literal('auto')]).optional(),
  frequencyMhz: z.number().optional(),
});

/** Most pools ignore the password, and this is what operators enter then. */
const customaryPassword = 'x';

/** What puts back what an order changed; undefined where that was not recorded or cannot be put back. */
export const putBack = ({ order, before, earlierPools }: Restoration): Wanted | undefined => {
  const parsed = recorded.safeParse(before.settings);
  if (!parsed.success) return undefined;
  const { pools = [], mode, powerLimitW, led, fan, frequencyMhz } = parsed.data;
  /** Where a mode replaces a limit, and a limit a mode, what there was before is the one that was recorded. */
  const byMode: Wanted | undefined = mode && { type: 'POWER_MODE', params: { mode } };
  const byLimit: Wanted | undefined =
    powerLimitW === undefined ? undefined : { type: 'POWER_LIMIT', params: { limitW: powerLimitW } };
  switch (order.type) {
    case 'HASHING_DISABLE':
    case 'HASHING_ENABLE':
      return { type: before.reading.state === 'stopped' ? 'HASHING_DISABLE' : 'HASHING_ENABLE', params: {} };
    case 'POWER_MODE':
      return byMode ?? byLimit;
    case 'POWER_LIMIT':
      return byLimit ?? byMode;
    case 'LED':
      return led === undefined ? undefined : { type: 'LED', params: { on: led } };
    case 'SET_FAN':
      if (fan === undefined) return undefined;
      return fan === 'auto'
        ? { type: 'FAN_AUTO', params: {} }
        : { type: 'SET_FAN', params: { dutyPct: fan } };
    case 'POOL_SET': {
      const before = pools.filter(({ url }) => url !== '');
      return before.length === 0
        ? undefined
        : { type: 'POOL_SET', params: { pools: before.map((pool) => withPassword(pool, earlierPools)) } };
    }
    case 'FREQUENCY_SET':
      return frequencyMhz === undefined ? undefined : { type: 'FREQUENCY_SET', params: { frequencyMhz } };
    case 'MINER_RESTART':
      return undefined;
  }
};

const withPassword = (
  { url, user, password }: { url: string; user: string; password?: string | undefined },
  earlier: readonly Pool[],
): Pool => ({
  url,
  user,
  password:
    password ?? earlier.find((pool) => pool.url === url && pool.user === user)?.password ?? customaryPassword,
});
