import { describe, expect, it } from 'vitest';
import { type MinerOrder, minerOrder } from '../../contracts/command.ts';
import { newGatewayKeys } from '../../edge-greengrass/sealing/gateway-keys.ts';
import { sealingKeyId } from './seal-for-gateway.ts';
import { sealedOnly, sealOrder, withoutPasswords } from './seal-orders.ts';

const order = (...passwords: string[]): MinerOrder => ({
  type: 'POOL_SET',
  params: {
    pools: passwords.map((password, index) => ({
      url: 'stratum+tcp://pool.example:3333',
      user: `w.${index}`,
      password,
    })),
  },
});

describe('pool passwords of an order', async () => {
  const [one, other] = [await newGatewayKeys(), await newGatewayKeys()];
  const keys = new Map([
    ['gw-1', one],
    ['gw-2', other],
  ]);
  const seal = sealOrder(async ({ gatewayId }) => {
    const publicKey = keys.get(gatewayId)?.publicKey;
    return (
      publicKey && {
        key_id: sealingKeyId(publicKey),
        public_key: Buffer.from(publicKey).toString('base64'),
        announced_at_ms: 0,
      }
    );
  });

  it('are opened by each of the gateways and stand nowhere in clear', async () => {
    const sealed = await seal(7, ['gw-1', 'gw-2', 'gw-1'], order('s3cret-pool', ''));
    if (!sealed.ok || sealed.value.type !== 'POOL_SET') throw new Error('not sealed');
    expect(JSON.stringify(sealed.value)).not.toContain('s3cret-pool');
    expect(JSON.stringify(sealed.value)).not.toContain(Buffer.from('s3cret-pool').toString('base64'));
    expect(minerOrder.parse(sealed.value)).toEqual(sealed.value);
    const [first, second] = sealed.value.params.pools;
    expect(second).toEqual({ url: 'stratum+tcp://pool.example:3333', user: 'w.1', password: '' });
    expect(Object.keys(first?.sealedPasswords ?? {})).toEqual(['gw-1', 'gw-2']);
    for (const [gateway, { open }] of keys) {
      const own = first?.sealedPasswords?.[gateway];
      if (!own) throw new Error(`nothing for ${gateway}`);
      expect(await open(own, { site: 7, gateway, purpose: 'pool-password' })).toBe('s3cret-pool');
    }
  });

  it('are not taken for a gateway that has named no key; without any, no key is needed', async () => {
    expect(await seal(7, ['gw-1', 'gw-3'], order('x'))).toMatchObject({
      ok: false,
      failure: { code: 'conflict' },
    });
    expect(await seal(7, ['gw-3'], order('', ''))).toEqual({ ok: true, value: order('', '') });
    const led: MinerOrder = { type: 'LED', params: { on: true } };
    expect(await seal(7, ['gw-3'], led)).toEqual({ ok: true, value: led });
  });

  it('play no part where requests are compared', async () => {
    const sealed = await seal(7, ['gw-1'], order('a'));
    if (!sealed.ok) throw new Error('not sealed');
    expect(withoutPasswords(sealed.value)).toEqual(withoutPasswords(order('b')));
  });

  it('are never stored in clear', async () => {
    const sealed = await seal(7, ['gw-1'], order('a', ''));
    if (!sealed.ok) throw new Error('not sealed');
    expect(sealedOnly(sealed.value)).toBe(sealed.value);
    expect(() => sealedOnly(order('', 's3cret-pool'))).toThrow(
      'An order with a pool password in clear is not stored',
    );
  });
});
