import { createHash, type KeyObject, X509Certificate } from 'node:crypto';

/** SHA-256 of a key's SubjectPublicKeyInfo in DER: names a key pair, whatever certificate it is in. */
export const keyHashOf = (key: KeyObject) =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');

/** The same of a certificate's key. Throws on what is not a certificate. */
export const publicKeyHashOf = (certificatePem: string) =>
  keyHashOf(new X509Certificate(certificatePem).publicKey);
