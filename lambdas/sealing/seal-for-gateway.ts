import { createHash } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { contextText, type SealedForGateway, type SealingContext } from '../../contracts/sealed.ts';

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});
const base64 = (bytes: ArrayBuffer) => Buffer.from(bytes).toString('base64');

/** The first 16 hex digits of SHA-256 of a gateway's public key. */
export const sealingKeyId = (publicKey: Uint8Array): string =>
  createHash('sha256').update(publicKey).digest('hex').slice(0, 16);

/** Seals a text so that one gateway alone can open it, under a context that it must name. Nobody here can read it again. */
export const sealForGateway = async (
  publicKey: Uint8Array,
  text: string,
  context: SealingContext,
): Promise<SealedForGateway> => {
  const recipientPublicKey = await suite.kem.deserializePublicKey(Uint8Array.from(publicKey).buffer);
  const sealed = await suite.seal(
    { recipientPublicKey, info: new TextEncoder().encode(contextText(context)).buffer },
    new TextEncoder().encode(text).buffer,
  );
  return {
    version: 1,
    key_id: sealingKeyId(publicKey),
    enc: base64(sealed.enc),
    ciphertext: base64(sealed.ct),
  };
};
