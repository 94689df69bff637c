import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Pool } from '../../contracts/command.ts';
import type { SealingContext } from '../../contracts/sealed.ts';
import { sealForGateway } from '../../lambdas/sealing/seal-for-gateway.ts';
import type { MinerAdapter, MinerSnapshot } from '../adapters/miner-adapter.ts';
import { reverseOrder } from '../adapters/whatsminer/reverse-order.ts';
import { openGatewayKeys } from './gateway-keys.ts';
import { localKeyWrapper } from './providers/local-key.ts';
import { unsealingAdapter } from './unseal-orders.ts';

const place = { siteId: 7, gatewayId: 'gw-7' };
const context: SealingContext = { site: 7, gateway: 'gw-7', purpose: 'pool-password' };

it('puts pools back with the passwords that earlier orders brought sealed, where this gateway can open them', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'unseal-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const keys = await openGatewayKeys(directory, localKeyWrapper(join(directory, 'sealing.key')), place);
  const pool = (name: string) => ({ url: `stratum+tcp://${name}.example:3333`, user: `${name}.1` });
  const sealed = async (name: string, gateway: string): Promise<Pool> => ({
    ...pool(name),
    password: '',
    sealedPasswords: { [gateway]: await sealForGateway(keys.publicKey, `pw-${name}`, context) },
  });
  const before: MinerSnapshot = {
    reading: { minerId: 'm-1', sampledAtMs: 1, state: 'hashing', values: {} },
    settings: { pools: [pool('known'), pool('foreign'), pool('never')] },
  };
  let restored: unknown;
  const inner: Pick<MinerAdapter, 'restore'> = {
    restore: async (restoration) => {
      restored = reverseOrder(restoration);
      return { kind: 'done' };
    },
  };
  const adapter = unsealingAdapter(inner as MinerAdapter, keys, place);
  await adapter.restore(
    {
      order: { type: 'POOL_SET', params: { pools: [{ ...pool('new'), password: '' }] } },
      before,
      earlierPools: [await sealed('known', 'gw-7'), await sealed('foreign', 'gw-8')],
    },
    before,
  );
  expect(restored).toEqual({
    type: 'POOL_SET',
    params: {
      pools: [
        { ...pool('known'), password: 'pw-known' },
        { ...pool('foreign'), password: 'x' },
        { ...pool('never'), password: 'x' },
      ],
    },
  });
});
