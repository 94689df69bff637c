import 'reflect-metadata';

import { createHash, webcrypto } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

export type IssuedCertificate = {
  /** SHA-256 of the certificate in DER, as lower-case hex: what AWS IoT calls the certificate id. */
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly publicKeyPem: string;
  readonly privateKeyPem: string;
};
/** For a key that its owner has made. */
export type SignedRequest = Pick<IssuedCertificate, 'certificateId' | 'certificatePem'>;
export type CertificateAuthority = {
  readonly certificatePath: string;
  readonly certificatePem: string;
  /** For a gateway; valid for ten years, as AWS IoT's own. */
  readonly issueForClient: () => Promise<IssuedCertificate>;
  /** The same for a PKCS #10 request. Rejects where it is none, or is not signed with its own key. */
  readonly issueFromRequest: (csrPem: string) => Promise<SignedRequest>;
  /** For the broker, under every name of loopback. */
  readonly issueForServer: () => Promise<IssuedCertificate>;
};

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 60 * 60 * 1000;
x509.cryptoProvider.set(webcrypto);

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
const toPem = async (format: 'pkcs8' | 'spki', key: webcrypto.CryptoKey) =>
  x509.PemConverter.encode(
    await webcrypto.subtle.exportKey(format, key),
    format === 'pkcs8' ? 'PRIVATE KEY' : 'PUBLIC KEY',
  );
const serialNumber = () => Buffer.from(webcrypto.getRandomValues(new Uint8Array(16))).toString('hex');
/** A little in the past, for clocks that differ. */
const validity = (days: number) => ({
  notBefore: new Date(Date.now() - dayMs),
  notAfter: new Date(Date.now() + days * dayMs),
});

export const certificateIdOf = (der: ArrayBuffer | Uint8Array) =>
  createHash('sha256').update(new Uint8Array(der)).digest('hex');

const writeSecret = (file: string, text: string) => {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
};

const openAuthority = async (keyFile: string, certificateFile: string) => {
  if (existsSync(keyFile) && existsSync(certificateFile)) {
    const der = x509.PemConverter.decodeFirst(readFileSync(keyFile, 'utf8'));
    const privateKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
    return { privateKey, certificate: new x509.X509Certificate(readFileSync(certificateFile, 'utf8')) };
  }
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=HashInsight local CA',
    ...validity(3650),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  writeSecret(keyFile, await toPem('pkcs8', keys.privateKey));
  writeFileSync(certificateFile, `${certificate.toString('pem')}\n`);
  return { privateKey: keys.privateKey, certificate };
};

/** The certificate authority of this machine's broker: made at the first start, the same at every later one. */
export const openCertificateAuthority = async (directory: string): Promise<CertificateAuthority> => {
  const certificatePath = join(directory, 'ca.pem');
  const authority = await openAuthority(join(directory, 'ca.key'), certificatePath);
  const sign = async (
    publicKey: x509.PublicKeyType,
    subject: string,
    days: number,
    extensions: x509.Extension[],
  ): Promise<SignedRequest> => {
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject,
      issuer: authority.certificate.subject,
      ...validity(days),
      signingAlgorithm: algorithm,
      publicKey,
      signingKey: authority.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
        ...extensions,
      ],
    });
    const certificateId = certificateIdOf(certificate.rawData);
    return { certificateId, certificatePem: `${certificate.toString('pem')}\n` };
  };
  const issue = async (
    subject: string,
    days: number,
    extensions: x509.Extension[],
  ): Promise<IssuedCertificate> => {
    const keys = await newKeys();
    return {
      ...(await sign(keys.publicKey, subject, days, extensions)),
      publicKeyPem: await toPem('spki', keys.publicKey),
      privateKeyPem: await toPem('pkcs8', keys.privateKey),
    };
  };
  const usage = (purpose: string) => new x509.ExtendedKeyUsageExtension([purpose]);
  const client = [usage(x509.ExtendedKeyUsage.clientAuth)];
  return {
    certificatePath,
    certificatePem: authority.certificate.toString('pem'),
    issueForClient: () => issue('CN=HashInsight gateway', 3650, client),
    issueFromRequest: async (csrPem) => {
      const request = new x509.Pkcs10CertificateRequest(csrPem);
      if (!(await request.verify(webcrypto))) throw new Error('The request is not signed with its own key');
      return sign(request.publicKey, request.subject || 'CN=HashInsight gateway', 3650, client);
    },
    issueForServer: () =>
      issue('CN=localhost', 825, [
        usage(x509.ExtendedKeyUsage.serverAuth),
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: 'localhost' },
          { type: 'ip', value: '127.0.0.1' },
          { type: 'ip', value: '::1' },
        ]),
      ]),
  };
};
