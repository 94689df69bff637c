import type { MinerOrder, Pool } from '../../contracts/command.ts';
import type { SealingContext } from '../../contracts/sealed.ts';
import type { MinerAdapter } from '../adapters/miner-adapter.ts';
import type { GatewayKeys } from './gateway-keys.ts';
import { SealingError } from './sealing-error.ts';

type Place = { readonly siteId: number; readonly gatewayId: string };

/**
 * The adapter, given orders with the pool passwords that the cloud sealed for this gateway in clear: opened at the write, and kept
 * sealed in the journal before and after it.
 */
export const unsealingAdapter = (
  adapter: MinerAdapter,
  keys: GatewayKeys,
  { siteId, gatewayId }: Place,
): MinerAdapter => ({
  ...adapter,
  execute: async (order, before, signal) => {
    try {
      return await adapter.execute(await unseal(order, keys, { siteId, gatewayId }), before, signal);
    } catch (error) {
      if (error instanceof SealingError)
        return { kind: 'refused', detail: `the pool password cannot be opened here: ${error.message}` };
      throw error;
    }
  },
  restore: async (restoration, now, signal) =>
    adapter.restore(
      { ...restoration, earlierPools: await openable(restoration.earlierPools, keys, { siteId, gatewayId }) },
      now,
      signal,
    ),
});

/** Those of the pools whose passwords this gateway can still open, with them in clear. */
const openable = async (pools: readonly Pool[], keys: GatewayKeys, place: Place): Promise<Pool[]> => {
  const opened = await Promise.all(
    pools.map((pool) =>
      unsealPool(pool, keys, place).catch((error: unknown) => {
        if (error instanceof SealingError) return undefined;
        throw error;
      }),
    ),
  );
  return opened.filter((pool) => pool !== undefined);
};

const unsealPool = async (
  { sealedPasswords, ...pool }: Pool,
  keys: GatewayKeys,
  { siteId, gatewayId }: Place,
): Promise<Pool> => {
  if (!sealedPasswords) return pool;
  const own = sealedPasswords[gatewayId];
  if (!own) throw new SealingError('unknown_key');
  const context: SealingContext = { site: siteId, gateway: gatewayId, purpose: 'pool-password' };
  return { ...pool, password: await keys.open(own, context) };
};

const unseal = async (order: MinerOrder, keys: GatewayKeys, place: Place): Promise<MinerOrder> => {
  if (order.type !== 'POOL_SET') return order;
  const pools = await Promise.all(order.params.pools.map((pool) => unsealPool(pool, keys, place)));
  return { ...order, params: { pools } };
};
