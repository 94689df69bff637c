import 'reflect-metadata';

import { createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { fail, type Result, succeed } from '../shared/result.ts';
import { keyHashOf } from './public-key.ts';

const isStrong = ({ asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject) => {
  if (asymmetricKeyType === 'rsa') return (details?.modulusLength ?? 0) >= 2_048;
  return asymmetricKeyType === 'ec' && ['prime256v1', 'secp384r1'].includes(details?.namedCurve ?? '');
};

/**
 * The public key that a PKCS #10 request asks a certificate for, as the hash of its SubjectPublicKeyInfo. The request must be
 * signed with the private key, which proves that whoever sent it, or made it, holds that.
 */
export const readCertificateRequest = async (pem: string): Promise<Result<{ publicKeyHash: string }>> => {
  const refused = (why: string) => fail('validation_failed', `csr_pem: ${why}`);
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    const key = createPublicKey({
      key: Buffer.from(request.publicKey.rawData),
      type: 'spki',
      format: 'der',
    });
    if (!isStrong(key)) return refused('must be for EC on P-256 or P-384, or RSA of 2048 bits or more');
    if (!(await request.verify(webcrypto))) return refused('is not signed with its own key');
    return succeed({ publicKeyHash: keyHashOf(key) });
  } catch {
    return refused('must be a certificate signing request in PEM');
  }
};
