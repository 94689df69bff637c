import type { CommandOrder, Pool } from '../../contracts/command.ts';
import type { SealedForGateway } from '../../contracts/sealed.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { sealForGateway } from './seal-for-gateway.ts';
import type { GatewayKey } from './sealing-keys.ts';

type ReadGatewayKey = (place: {
  readonly siteId: number;
  readonly gatewayId: string;
}) => Promise<GatewayKey | undefined>;

/** The order as it may be stored and sent: pool passwords sealed to each of the gateways, and none in clear. */
export type SealOrder = <O extends CommandOrder>(
  siteId: number,
  gatewayIds: Iterable<string>,
  order: O,
) => Promise<Result<O>>;

/**
 * Seals the pool passwords of an order to the gateways that are to carry it out; any other order is answered as it is. An empty
 * password is no secret. `conflict` where a gateway has not named its key yet: it does when it first connects.
 */
export const sealOrder =
  (readGatewayKey: ReadGatewayKey): SealOrder =>
  async (siteId, gatewayIds, order) => {
    if (order.type !== 'POOL_SET') return succeed(order);
    const sealed = await sealPools(readGatewayKey)(siteId, gatewayIds, order.params.pools);
    return sealed.ok ? succeed({ ...order, params: { pools: sealed.value } }) : sealed;
  };

const sealPools =
  (readGatewayKey: ReadGatewayKey) =>
  async (siteId: number, gatewayIds: Iterable<string>, pools: readonly Pool[]): Promise<Result<Pool[]>> => {
    if (pools.every(({ password }) => password === '')) return succeed([...pools]);
    const keys = new Map<string, Uint8Array>();
    for (const gatewayId of new Set(gatewayIds)) {
      const key = await readGatewayKey({ siteId, gatewayId });
      if (!key)
        return fail(
          'conflict',
          `Gateway ${gatewayId} has not named the key yet to which passwords are sealed`,
        );
      keys.set(gatewayId, Buffer.from(key.public_key, 'base64'));
    }
    return succeed(await Promise.all(pools.map((pool) => sealPool(siteId, keys, pool))));
  };

const sealPool = async (siteId: number, keys: ReadonlyMap<string, Uint8Array>, pool: Pool): Promise<Pool> => {
  if (pool.password === '') return pool;
  const sealedPasswords: Record<string, SealedForGateway> = {};
  for (const [gateway, key] of keys)
    sealedPasswords[gateway] = await sealForGateway(key, pool.password, {
      site: siteId,
      gateway,
      purpose: 'pool-password',
    });
  return { url: pool.url, user: pool.user, password: '', sealedPasswords };
};

/** The order as it may be written; throws Error where a pool's password stands in it in clear, which no caller may have let through. */
export const sealedOnly = <O extends CommandOrder>(order: O): O => {
  if (order.type === 'POOL_SET' && order.params.pools.some(({ password }) => password !== ''))
    throw new Error('An order with a pool password in clear is not stored');
  return order;
};

/** The order without its pools' passwords in any form: what a request is compared by with an earlier one. */
export const withoutPasswords = (order: CommandOrder): CommandOrder =>
  order.type === 'POOL_SET'
    ? {
        ...order,
        params: { pools: order.params.pools.map(({ url, user }) => ({ url, user, password: '' })) },
      }
    : order;
