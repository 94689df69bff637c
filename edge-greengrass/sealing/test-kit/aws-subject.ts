import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DisableKeyCommand, KMSClient, RotateKeyOnDemandCommand } from '@aws-sdk/client-kms';
import { startKms } from '../../../local/kms/start-kms.ts';
import { awsKmsWrapper } from '../providers/aws-kms.ts';
import type { Subject } from './subject.ts';

/** The SDK over HTTP against this machine's KMS. */
export const startAwsSubject = async (): Promise<Subject> => {
  const directory = mkdtempSync(join(tmpdir(), 'sealing-kms-'));
  const service = await startKms({
    region: 'us-east-1',
    accountId: '000000000000',
    log: () => {},
    stateDir: () => directory,
  });
  const keyNamed = async (logicalId: string) => {
    const made = await service.resources['AWS::KMS::Key']?.({
      stack: 'App',
      logicalId,
      type: 'AWS::KMS::Key',
      properties: {},
    });
    return String(made?.attributes?.Arn);
  };
  const [keyArn, otherArn] = [await keyNamed('Sealing'), await keyNamed('Other')];
  const clientAt = (endpoint: string) =>
    new KMSClient({
      endpoint,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI' },
    });
  const client = clientAt(service.endpoint);
  const throttling = createServer((request, response) => {
    request.resume();
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ __type: 'ThrottlingException', message: 'Rate exceeded' }));
  });
  const denying = createServer((request, response) => {
    request.resume();
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(
      JSON.stringify({
        __type: 'AccessDeniedException',
        Message: `User: arn:aws:sts::000000000000:assumed-role/x is not authorized to perform: kms:Decrypt on ${keyArn}`,
      }),
    );
  });
  const at = async (server: typeof throttling) => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return clientAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  };
  const [throttled, denied] = [await at(throttling), await at(denying)];
  return {
    wrapper: () => awsKmsWrapper({ client, keyArn }),
    other: () => awsKmsWrapper({ client, keyArn: otherArn, olderKeyArns: [keyArn] }),
    rotate: async () => void (await client.send(new RotateKeyOnDemandCommand({ KeyId: keyArn }))),
    disable: async () => void (await client.send(new DisableKeyCommand({ KeyId: keyArn }))),
    throttled: async () => awsKmsWrapper({ client: throttled, keyArn }),
    stranger: () => awsKmsWrapper({ client: denied, keyArn }),
    unreachable: () => awsKmsWrapper({ client: clientAt('http://127.0.0.1:9'), keyArn }),
    secrets: () => ['wJalrXUtnFEMI'],
    tamperEvery: 1,
    close: async () => {
      for (const one of [client, throttled, denied]) one.destroy();
      for (const server of [throttling, denying]) server.close();
      await service.close();
      rmSync(directory, { recursive: true });
    },
  };
};
