import type { MinerOrder } from '../../contracts/command.ts';
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
});

const unseal = async (
  order: MinerOrder,
  keys: GatewayKeys,
  { siteId, gatewayId }: Place,
): Promise<MinerOrder> => {
  if (order.type !== 'POOL_SET') return order;
  const context: SealingContext = { site: siteId, gateway: gatewayId, purpose: 'pool-password' };
  const pools = await Promise.all(
    order.params.pools.map(async ({ sealedPasswords, ...pool }) => {
      if (!sealedPasswords) return pool;
      const own = sealedPasswords[gatewayId];
      if (!own) throw new SealingError('unknown_key');
      return { ...pool, password: await keys.open(own, context) };
    }),
  );
  return { ...order, params: { pools } };
};
