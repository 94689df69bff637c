import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { AttachPolicyCommand, DescribeEndpointCommand, UpdateCertificateCommand } from '@aws-sdk/client-iot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Identity, startForTest } from './test-iot.ts';

let local: Awaited<ReturnType<typeof startForTest>>;
let gateway: Identity;
let port: number;
beforeAll(async () => {
  local = await startForTest();
  await local.create('AWS::IoT::RoleAlias', 'Alias', {
    RoleAlias: 'sealing',
    RoleArn: 'arn:aws:iam::0:role/r',
  });
  await local.create('AWS::IoT::Policy', 'Assume', {
    PolicyName: 'assume',
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'iot:AssumeRoleWithCertificate',
          Resource: 'arn:aws:iot:us-east-1:000000000000:rolealias/sealing',
        },
      ],
    },
  });
  gateway = await local.register('gw-a');
  const { endpointAddress } = await local.registry.send(
    new DescribeEndpointCommand({ endpointType: 'iot:CredentialProvider' }),
  );
  port = Number(endpointAddress?.split(':')[1]);
});
afterAll(() => local.close());

const ask = (identity: Partial<Identity>, alias = 'sealing', thing?: string) =>
  new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    request(
      {
        host: 'localhost',
        port,
        path: `/role-aliases/${alias}/credentials`,
        ca: readFileSync(local.iot.caCertificatePath),
        ...(identity.cert && { cert: identity.cert, key: identity.key }),
        agent: false,
        headers: { ...(thing && { 'x-amzn-iot-thingname': thing }) },
      },
      async (response) => resolve({ status: response.statusCode, body: JSON.parse(await text(response)) }),
    )
      .on('error', reject)
      .end();
  });

test('gives credentials to an active certificate whose policy lets it have the role, under its own thing alone', async () => {
  expect(await ask(gateway)).toEqual({ status: 403, body: { message: 'Access Denied' } });
  await local.registry.send(
    new AttachPolicyCommand({ policyName: 'assume', target: gateway.certificateArn }),
  );
  expect(await ask(gateway, 'sealing', 'gw-a')).toMatchObject({
    status: 200,
    body: {
      credentials: { accessKeyId: expect.stringMatching(/^ASIA/), expiration: expect.stringMatching(/Z$/) },
    },
  });
  expect((await ask(gateway, 'sealing', 'gw-b')).status).toBe(403);
  expect((await ask(gateway, 'unknown', 'gw-a')).status).toBe(404);
  await expect(ask({})).rejects.toThrow();
  await local.registry.send(
    new UpdateCertificateCommand({ certificateId: gateway.certificateId, newStatus: 'INACTIVE' }),
  );
  expect((await ask(gateway, 'sealing', 'gw-a')).status).toBe(403);
});
