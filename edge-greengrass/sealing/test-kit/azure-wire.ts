import {
  constants,
  createHash,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CryptographyClient } from '@azure/keyvault-keys';
import * as z from 'zod';
import { selfSigned } from '../../test-kit/self-signed.ts';
import { azureKeyVaultWrapper } from '../providers/azure-key-vault.ts';
import type { Subject } from './subject.ts';

type Version = {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly jwk: JsonWebKey;
  enabled: boolean;
};
type Refusal = {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly inner?: string;
};
const operation = z.strictObject({ alg: z.literal('RSA-OAEP-256'), value: z.base64url() });
const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const;

const newVersion = (): Version => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
  const jwk = publicKey.export({ format: 'jwk' });
  return {
    id: createHash('sha256').update(String(jwk.n)).digest('hex').slice(0, 32),
    privateKey,
    jwk,
    enabled: true,
  };
};

/**
 * Key Vault's key operations as its REST reference documents them: the bearer challenge, `GET` of a key as JWK, `wrapkey` and
 * `unwrapkey` with base64url values, `{ error: { code, message, innererror } }`; over TLS, as the SDK insists.
 */
export const startAzureSubject = async (): Promise<Subject> => {
  const { certificate, privateKey } = await selfSigned('localhost');
  const token = randomBytes(24).toString('base64url');
  const keys = new Map<string, Version[]>([
    ['sealing', [newVersion()]],
    ['other', [newVersion()]],
  ]);
  let limited = false;
  let base = '';
  const scopes: unknown[] = [];

  const answerTo = async (request: IncomingMessage): Promise<object | Refusal> => {
    const sent = await text(request);
    const url = new URL(request.url ?? '', base);
    if (!url.searchParams.get('api-version'))
      return { status: 400, code: 'BadParameter', message: 'api-version must be specified' };
    const [, , name = '', id = '', verb] = url.pathname.split('/');
    const kid = `${base}/keys/${name}/${id}`;
    const version = keys.get(name)?.find((one) => one.id === id);
    if (!version)
      return {
        status: 404,
        code: 'KeyNotFound',
        message: `A key with (name/id) ${name}/${id} was not found in this key vault.`,
      };
    if (request.method === 'GET')
      return {
        key: { kid, kty: 'RSA', key_ops: ['wrapKey', 'unwrapKey'], n: version.jwk.n, e: version.jwk.e },
        attributes: {
          enabled: version.enabled,
          created: 1_493_942_451,
          updated: 1_493_942_451,
          recoveryLevel: 'Recoverable+Purgeable',
        },
      };
    if (limited)
      return {
        status: 429,
        code: 'Throttled',
        message: 'Request was not processed because too many requests were received.',
      };
    if (!version.enabled)
      return {
        status: 403,
        code: 'Forbidden',
        message: `Operation ${verb} is not allowed on a disabled key.`,
        inner: 'KeyDisabled',
      };
    const { value } = operation.parse(JSON.parse(sent));
    const bytes = Buffer.from(value, 'base64url');
    if (verb === 'wrapkey')
      return { kid, value: publicEncrypt({ key: version.privateKey, ...oaep }, bytes).toString('base64url') };
    try {
      return {
        kid,
        value: privateDecrypt({ key: version.privateKey, ...oaep }, bytes).toString('base64url'),
      };
    } catch {
      return { status: 400, code: 'BadParameter', message: 'The parameter is incorrect.' };
    }
  };

  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    const json = { 'content-type': 'application/json; charset=utf-8' };
    const refuse = ({ status, code, message, inner }: Refusal, headers = {}) => {
      response.writeHead(status, { ...json, ...headers });
      response.end(
        JSON.stringify({ error: { code, message, ...(inner && { innererror: { code: inner } }) } }),
      );
    };
    if (request.headers.authorization !== `Bearer ${token}`) {
      request.resume();
      refuse(
        { status: 401, code: 'Unauthorized', message: 'AKV10000: Request is missing a Bearer or PoP token.' },
        {
          'www-authenticate':
            'Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001", resource="https://vault.azure.net"',
        },
      );
      return;
    }
    answerTo(request).then(
      (answer) => {
        if ('status' in answer) return refuse(answer);
        response.writeHead(200, json);
        response.end(JSON.stringify(answer));
      },
      () => refuse({ status: 400, code: 'BadParameter', message: 'Property  has invalid value' }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `https://localhost:${(server.address() as AddressInfo).port}`;

  const clientOf = (bearer: string) => (keyId: string) =>
    new CryptographyClient(
      keyId,
      {
        getToken: async (asked) => {
          scopes.push(asked);
          return { token: bearer, expiresOnTimestamp: Date.now() + 3_600_000 };
        },
      },
      {
        // The vault of the test is at localhost, which is not the audience that Azure's vaults name.
        disableChallengeResourceVerification: true,
        retryOptions: { maxRetries: 0 },
        ...{ tlsOptions: { ca: certificate } },
      },
    );
  const idOf = (name: string, version: Version | undefined) => `${base}/keys/${name}/${version?.id}`;
  const open = (name: string, also: readonly string[] = [], bearer = token) => {
    const versions = keys.get(name) ?? [];
    return azureKeyVaultWrapper({
      clientOf: clientOf(bearer),
      keyId: idOf(name, versions.at(-1)),
      olderKeyIds: [...versions.slice(0, -1).map((version) => idOf(name, version)), ...also],
    });
  };
  return {
    wrapper: () => open('sealing'),
    other: () => open('other', [idOf('sealing', { ...newVersion(), id: '0'.repeat(32) })]),
    rotate: async () => void keys.get('sealing')?.push(newVersion()),
    disable: async () => {
      for (const version of keys.get('sealing') ?? []) version.enabled = false;
    },
    throttled: async () => {
      const wrapper = open('sealing');
      return {
        ...wrapper,
        unwrap: async (...args) => {
          limited = true;
          try {
            return await wrapper.unwrap(...args);
          } finally {
            limited = false;
          }
        },
      };
    },
    stranger: () => open('sealing', [], 'unknown'),
    unreachable: () =>
      azureKeyVaultWrapper({
        clientOf: clientOf(token),
        keyId: 'https://localhost:9/keys/sealing/0',
        olderKeyIds: [idOf('sealing', keys.get('sealing')?.[0])].map(() => ''),
      }),
    secrets: () => [token],
    tamperEvery: 8,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
