import { createHash, type webcrypto } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import * as z from 'zod';
import {
  contextText,
  type SealedForGateway,
  type SealingContext,
  sealedValue,
} from '../../contracts/sealed.ts';
import type { KeyWrapper } from './key-wrapper.ts';
import { openValue, sealValue } from './seal-value.ts';
import { SealingError } from './sealing-error.ts';
import { writeSecretFile } from './secret-file.ts';

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});
const bufferOf = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer;

const keyFile = z.strictObject({ version: z.literal(1), public_key: z.base64(), private_key: sealedValue });

/** What this gateway alone can open. */
export type GatewayKeys = {
  readonly publicKey: Uint8Array;
  /** Throws SealingError: `unknown_key` for another gateway's, `not_authentic` for an altered one or another context. */
  readonly open: (sealed: SealedForGateway, context: SealingContext) => Promise<string>;
};

/**
 * The gateway's own X25519 key pair, made at its first start. The private key lies in the state directory sealed under the
 * gateway's disk key, as every secret there.
 */
export const openGatewayKeys = async (
  stateDir: string,
  wrapper: KeyWrapper,
  place: { readonly siteId: number; readonly gatewayId: string },
): Promise<GatewayKeys> => {
  const file = join(stateDir, 'gateway-sealing-key.json');
  const context: SealingContext = {
    site: place.siteId,
    gateway: place.gatewayId,
    purpose: 'device-private-key',
  };
  if (!existsSync(file)) {
    const pair = await suite.kem.generateKeyPair();
    const publicKey = Buffer.from(await suite.kem.serializePublicKey(pair.publicKey));
    const secret = Buffer.from(await suite.kem.serializePrivateKey(pair.privateKey));
    const private_key = await sealValue(wrapper, secret, context);
    secret.fill(0);
    writeSecretFile(
      file,
      JSON.stringify({ version: 1, public_key: publicKey.toString('base64'), private_key }),
    );
  }
  const held = keyFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  const secret = await openValue(wrapper, held.private_key, context);
  const recipientKey = await suite.kem.deserializePrivateKey(bufferOf(secret));
  secret.fill(0);
  return keysOf(Buffer.from(held.public_key, 'base64'), recipientKey);
};

/** A key pair that is kept nowhere. */
export const newGatewayKeys = async (): Promise<GatewayKeys> => {
  const pair = await suite.kem.generateKeyPair();
  return keysOf(Buffer.from(await suite.kem.serializePublicKey(pair.publicKey)), pair.privateKey);
};

const keysOf = (publicKey: Buffer, recipientKey: webcrypto.CryptoKey): GatewayKeys => {
  const keyId = createHash('sha256').update(publicKey).digest('hex').slice(0, 16);
  return {
    publicKey,
    open: async ({ key_id, enc, ciphertext }, context) => {
      if (key_id !== keyId) throw new SealingError('unknown_key');
      try {
        const plaintext = await suite.open(
          {
            recipientKey,
            enc: bufferOf(Buffer.from(enc, 'base64')),
            info: new TextEncoder().encode(contextText(context)).buffer,
          },
          bufferOf(Buffer.from(ciphertext, 'base64')),
        );
        return Buffer.from(plaintext).toString('utf8');
      } catch {
        throw new SealingError('not_authentic');
      }
    },
  };
};
