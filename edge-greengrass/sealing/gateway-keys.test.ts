import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SealingContext } from '../../contracts/sealed.ts';
import { sealForGateway } from '../../lambdas/sealing/seal-for-gateway.ts';
import { openGatewayKeys } from './gateway-keys.ts';
import { localKeyWrapper } from './providers/local-key.ts';

const place = { siteId: 7, gatewayId: 'gw-7' };
const context: SealingContext = { site: 7, gateway: 'gw-7', purpose: 'pool-password' };

const openIn = (directory: string) =>
  openGatewayKeys(directory, localKeyWrapper(join(directory, 'sealing.key')), place);
const temporary = () => {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-keys-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
};

describe('what is sealed for a gateway', () => {
  it('is opened by it alone, also after a restart, under its own context alone', async () => {
    const directory = temporary();
    const keys = await openIn(directory);
    const sealed = await sealForGateway(keys.publicKey, 'pool-secret-1', context);
    expect(JSON.stringify(sealed)).not.toContain('pool-secret-1');
    expect(await (await openIn(directory)).open(sealed, context)).toBe('pool-secret-1');
    const stranger = await openIn(temporary());
    await expect(stranger.open(sealed, context)).rejects.toMatchObject({ fault: 'unknown_key' });
    for (const other of [
      { ...context, site: 8 },
      { ...context, gateway: 'gw-8' },
      { ...context, purpose: 'miner-access' as const },
    ])
      await expect(keys.open(sealed, other)).rejects.toMatchObject({ fault: 'not_authentic' });
  });

  it('is refused when any byte of it is altered', async () => {
    const keys = await openIn(temporary());
    const sealed = await sealForGateway(keys.publicKey, 'x', context);
    for (const part of ['enc', 'ciphertext'] as const) {
      const bytes = Buffer.from(sealed[part], 'base64');
      for (const at of bytes.keys()) {
        const altered = Buffer.from(bytes);
        altered[at] = (altered[at] ?? 0) ^ 1;
        await expect(
          keys.open({ ...sealed, [part]: altered.toString('base64') }, context),
        ).rejects.toMatchObject({
          fault: 'not_authentic',
        });
      }
    }
  });

  it('leaves no private key in clear on the disk, in files that their owner alone may read', async () => {
    const directory = temporary();
    await openIn(directory);
    for (const name of readdirSync(directory))
      expect([name, statSync(join(directory, name)).mode & 0o777]).toEqual([name, 0o600]);
    const file = readFileSync(join(directory, 'gateway-sealing-key.json'), 'utf8');
    expect(Object.keys(JSON.parse(file)).toSorted()).toEqual(['private_key', 'public_key', 'version']);
    expect(JSON.parse(file).private_key.provider).toBe('local');
  });

  // RFC 9180, appendix A.1.1 (DHKEM(X25519, HKDF-SHA256), base mode): the key pair derived from ikmE.
  it('derives the key pair of the RFC’s test vector', async () => {
    const { kem } = new CipherSuite({
      kem: new DhkemX25519HkdfSha256(),
      kdf: new HkdfSha256(),
      aead: new Aes256Gcm(),
    });
    const ikm = Buffer.from('7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234', 'hex');
    const pair = await kem.deriveKeyPair(Uint8Array.from(ikm).buffer);
    expect(Buffer.from(await kem.serializePublicKey(pair.publicKey)).toString('hex')).toBe(
      '37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431',
    );
  });
});
