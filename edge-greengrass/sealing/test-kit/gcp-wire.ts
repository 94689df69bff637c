import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { OAuth2Client } from 'google-auth-library';
import * as z from 'zod';
import { crc32c } from '../providers/crc32c.ts';
import { gcpKmsWrapper } from '../providers/gcp-kms.ts';
import type { Subject } from './subject.ts';

const base64 = z.base64().transform((value) => Buffer.from(value, 'base64'));
/** int64 in Google's JSON: text. */
const sum = z
  .string()
  .regex(/^\d{1,10}$/)
  .transform(Number);
const aad = { additionalAuthenticatedData: base64, additionalAuthenticatedDataCrc32c: sum };
const encryptRequest = z.strictObject({ plaintext: base64, plaintextCrc32c: sum, ...aad });
const decryptRequest = z.strictObject({ ciphertext: base64, ciphertextCrc32c: sum, ...aad });

type Key = { readonly versions: { readonly material: Buffer; enabled: boolean }[] };
class Refusal extends Error {
  readonly code: number;
  readonly status: string;
  constructor(code: number, status: string, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

const ring = 'projects/p1/locations/europe-west4/keyRings/hashinsight/cryptoKeys';

/**
 * Cloud KMS's `cryptoKeys.encrypt` and `cryptoKeys.decrypt` as its REST reference documents them: path, bearer token, fields, int64
 * as text, CRC-32C sums checked and returned, `google.rpc.Status` errors. The ciphertext names its key version, as there.
 */
export const startGcpSubject = async (): Promise<Subject> => {
  const token = `ya29.${randomBytes(12).toString('hex')}`;
  const keys = new Map<string, Key>(
    ['sealing', 'other'].map((name) => [
      `${ring}/${name}`,
      { versions: [{ material: randomBytes(32), enabled: true }] },
    ]),
  );
  let limited = false;
  let badSum = false;

  const answerTo = async (request: IncomingMessage) => {
    const body: unknown = JSON.parse(await text(request));
    if (limited)
      throw new Refusal(
        429,
        'RESOURCE_EXHAUSTED',
        "Quota exceeded for quota metric 'Cryptographic requests'",
      );
    if (request.headers.authorization !== `Bearer ${token}`)
      throw new Refusal(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
    const [, name = '', verb] = /^\/v1\/([^:]+):(encrypt|decrypt)$/.exec(request.url ?? '') ?? [];
    if (request.method !== 'POST' || !verb) throw new Refusal(404, 'NOT_FOUND', 'Not found');
    const key = keys.get(name);
    if (!key) throw new Refusal(404, 'NOT_FOUND', `CryptoKey ${name} not found.`);
    return verb === 'encrypt' ? encrypt(name, key, body) : decrypt(name, key, body);
  };

  const encrypt = (name: string, { versions }: Key, body: unknown) => {
    const { plaintext, plaintextCrc32c, ...rest } = encryptRequest.parse(body);
    checkSums(
      [plaintext, plaintextCrc32c],
      [rest.additionalAuthenticatedData, rest.additionalAuthenticatedDataCrc32c],
    );
    const primary = versions.at(-1);
    if (!primary?.enabled) throw disabled(`${name}/cryptoKeyVersions/${versions.length}`);
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', primary.material, iv).setAAD(
      rest.additionalAuthenticatedData,
    );
    const ciphertext = Buffer.concat([
      Buffer.from([versions.length]),
      iv,
      cipher.update(plaintext),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return {
      name: `${name}/cryptoKeyVersions/${versions.length}`,
      ciphertext: ciphertext.toString('base64'),
      ciphertextCrc32c: String(crc32c(ciphertext) + (badSum ? 1 : 0)),
      verifiedPlaintextCrc32c: true,
      verifiedAdditionalAuthenticatedDataCrc32c: true,
      protectionLevel: 'SOFTWARE',
    };
  };

  const decrypt = (name: string, { versions }: Key, body: unknown) => {
    const { ciphertext, ciphertextCrc32c, ...rest } = decryptRequest.parse(body);
    checkSums(
      [ciphertext, ciphertextCrc32c],
      [rest.additionalAuthenticatedData, rest.additionalAuthenticatedDataCrc32c],
    );
    const invalid = new Refusal(400, 'INVALID_ARGUMENT', 'Decryption failed: the ciphertext is invalid.');
    const number = ciphertext[0] ?? 0;
    const version = versions[number - 1];
    if (!version) throw invalid;
    if (!version.enabled) throw disabled(`${name}/cryptoKeyVersions/${number}`);
    try {
      const opening = createDecipheriv('aes-256-gcm', version.material, ciphertext.subarray(1, 13), {
        authTagLength: 16,
      })
        .setAAD(rest.additionalAuthenticatedData)
        .setAuthTag(ciphertext.subarray(-16));
      const plaintext = Buffer.concat([opening.update(ciphertext.subarray(13, -16)), opening.final()]);
      return {
        plaintext: plaintext.toString('base64'),
        plaintextCrc32c: String(crc32c(plaintext)),
        usedPrimary: number === versions.length,
        protectionLevel: 'SOFTWARE',
      };
    } catch {
      throw invalid;
    }
  };

  const server = createServer((request, response) => {
    answerTo(request).then(
      (answer) => {
        response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8' });
        response.end(JSON.stringify(answer));
      },
      (error: unknown) => {
        const { code, status, message } =
          error instanceof Refusal
            ? error
            : new Refusal(400, 'INVALID_ARGUMENT', 'Invalid JSON payload received.');
        response.writeHead(code, { 'content-type': 'application/json; charset=UTF-8' });
        response.end(JSON.stringify({ error: { code, message, status } }));
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clientWith = (access_token: string) => {
    const client = new OAuth2Client();
    client.setCredentials({ access_token });
    return client;
  };
  const open = (name: string, olderKeyNames: readonly string[] = [], bearer = token, at = endpoint) =>
    gcpKmsWrapper({ auth: clientWith(bearer), keyName: `${ring}/${name}`, olderKeyNames, endpoint: at });
  return {
    wrapper: () => open('sealing'),
    other: () => open('other', [`${ring}/sealing`]),
    rotate: async () =>
      void keys.get(`${ring}/sealing`)?.versions.push({ material: randomBytes(32), enabled: true }),
    disable: async () => {
      for (const version of keys.get(`${ring}/sealing`)?.versions ?? []) version.enabled = false;
    },
    throttled: async () => {
      const wrapper = open('sealing');
      const once =
        <A extends unknown[], T>(work: (...args: A) => Promise<T>) =>
        async (...args: A) => {
          limited = true;
          try {
            return await work(...args);
          } finally {
            limited = false;
          }
        };
      return { ...wrapper, wrap: once(wrapper.wrap), unwrap: once(wrapper.unwrap) };
    },
    stranger: () => open('sealing', [], 'ya29.unknown'),
    unreachable: () => {
      badSum = true;
      return open('sealing');
    },
    secrets: () => [
      token,
      ...[...keys.values()].flatMap(({ versions }) =>
        versions.map(({ material }) => material.toString('base64')),
      ),
    ],
    tamperEvery: 1,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

const disabled = (version: string) =>
  new Refusal(400, 'FAILED_PRECONDITION', `${version} is not enabled, current state is: DISABLED.`);

const checkSums = (...pairs: readonly (readonly [Buffer, number])[]) => {
  for (const [bytes, expected] of pairs)
    if (crc32c(bytes) !== expected)
      throw new Refusal(400, 'INVALID_ARGUMENT', 'The checksum did not match the data.');
};
