import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parseGatewayConfig } from '../config.ts';
import { keyId, secret } from '../test-kit/envelopes.ts';
import { place } from '../test-kit/memory-bus.ts';
import { azureCredential } from './azure-credential.ts';
import { openWrapper } from './open-wrapper.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'open-wrapper-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
});
const config = (sealing: object) => parseGatewayConfig({ ...place, hmacKeys: [{ keyId, secret }], sealing });

describe('key services by configuration', () => {
  it.each([
    [{ provider: 'local' }, 'local'],
    [{ provider: 'pkcs11', modulePath: '/m.so', tokenLabel: 't', pinPath: 'pin', keyId: '01' }, 'pkcs11'],
    [{ provider: 'aws-kms', keyArn: 'arn:aws:kms:us-east-1:0:key/k', region: 'us-east-1' }, 'aws-kms'],
    [
      {
        provider: 'azure-key-vault',
        keyId: 'https://v.vault.azure.net/keys/k/0698c2156c1a4e1da5b6bab6f6422fd6',
        directoryId: 'd',
        clientId: 'c',
        secretPath: 'pin',
      },
      'azure-key-vault',
    ],
  ])('opens %j', async (service, provider) => {
    writeFileSync(join(directory, 'pin'), '1234\n');
    const path = (name: string) => (name in service ? { [name]: join(directory, 'pin') } : {});
    const { sealing } = config({ disk: { ...service, ...path('pinPath'), ...path('secretPath') } });
    const opened = await openWrapper(sealing.disk, { stateDir: directory, gatewayId: 'gw-7' });
    expect(opened.provider).toBe(provider);
  });

  it('asks for the tenant where there is to be a backup, and takes no unknown service', () => {
    expect(() => config({ backup: { provider: 'local' } })).toThrow('sealing.tenant is needed for a backup');
    expect(() => config({ disk: { provider: 'fernet' } })).toThrow('sealing.disk.provider');
  });
});

describe('the sign-in of an Azure application', () => {
  const serve = async (status: number, answer: object) => {
    const asked: string[] = [];
    const server = createServer(async (request, response) => {
      asked.push(`${request.method} ${request.url} ${await text(request)}`);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    writeFileSync(join(directory, 'secret'), 'app-secret\n');
    const authority = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credential = azureCredential({
      directoryId: 'dir',
      clientId: 'app',
      secretPath: join(directory, 'secret'),
      authority,
    });
    return { asked, credential };
  };

  it('posts the client credentials and answers with the token', async () => {
    const { asked, credential } = await serve(200, {
      token_type: 'Bearer',
      expires_in: 3599,
      access_token: 'eyJ0',
    });
    expect((await credential.getToken('https://vault.azure.net/.default')).token).toBe('eyJ0');
    expect(asked).toEqual([
      'POST /dir/oauth2/v2.0/token grant_type=client_credentials&client_id=app&client_secret=app-secret&scope=https%3A%2F%2Fvault.azure.net%2F.default',
    ]);
  });

  it('says that it was denied, without the secret', async () => {
    const { credential } = await serve(401, {
      error: 'invalid_client',
      error_description: 'AADSTS7000215: app-secret',
    });
    await expect(credential.getToken('s')).rejects.toMatchObject({ fault: 'denied' });
    await expect(credential.getToken('s')).rejects.not.toThrow('app-secret');
  });
});
