import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { networkInterfaces } from 'node:os';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateThingCommand,
  DeleteCertificateCommand,
  DescribeCertificateCommand,
  DescribeEndpointCommand,
  DescribeThingCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  ListAttachedPoliciesCommand,
  ListThingPrincipalsCommand,
  ListThingsCommand,
  UpdateCertificateCommand,
  UpdateThingCommand,
} from '@aws-sdk/client-iot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startForTest } from './test-iot.ts';

let local: Awaited<ReturnType<typeof startForTest>>;
beforeAll(async () => {
  local = await startForTest();
});
afterAll(() => local.close());
const thingOf = (thingName: string) => local.registry.send(new DescribeThingCommand({ thingName }));

test('things: created once, equal again, changed, listed', async () => {
  const create = (siteId: string) =>
    local.registry.send(
      new CreateThingCommand({ thingName: 'gw-a', attributePayload: { attributes: { siteId, zone: 'z' } } }),
    );
  expect(await create('1')).toMatchObject({
    thingName: 'gw-a',
    thingArn: 'arn:aws:iot:us-east-1:000000000000:thing/gw-a',
  });
  await create('1');
  await expect(create('2')).rejects.toMatchObject({ name: 'ResourceAlreadyExistsException' });
  await local.registry.send(
    new UpdateThingCommand({
      thingName: 'gw-a',
      attributePayload: { attributes: { zone: '', rack: '4' }, merge: true },
    }),
  );
  expect(await thingOf('gw-a')).toMatchObject({ attributes: { siteId: '1', rack: '4' }, version: 2 });
  await expect(
    local.registry.send(new UpdateThingCommand({ thingName: 'gw-a', expectedVersion: 1 })),
  ).rejects.toMatchObject({ name: 'VersionConflictException' });
  await local.create('AWS::IoT::Thing', 'Thing', { ThingName: 'gw-b' });
  const first = await local.registry.send(new ListThingsCommand({ maxResults: 1 }));
  const rest = await local.registry.send(
    new ListThingsCommand({ maxResults: 1, nextToken: first.nextToken }),
  );
  expect([...(first.things ?? []), ...(rest.things ?? [])].map(({ thingName }) => thingName)).toEqual([
    'gw-a',
    'gw-b',
  ]);
  expect(rest.nextToken).toBeUndefined();
  await expect(thingOf('nobody')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('certificates: signed by the local authority, attached and detached, deleted when unused', async () => {
  const { certificateArn, certificateId, cert, key } = await local.newCertificate();
  const authority = new X509Certificate(readFileSync(local.iot.caCertificatePath));
  const certificate = new X509Certificate(cert);
  expect(certificate.verify(authority.publicKey)).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(certificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(certificateId);
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);

  await local.registry.send(new CreateThingCommand({ thingName: 'gw-c' }));
  await local.registry.send(
    new AttachThingPrincipalCommand({ thingName: 'gw-c', principal: certificateArn }),
  );
  await local.registry.send(new AttachPolicyCommand({ policyName: 'gateway', target: certificateArn }));
  const { principals } = await local.registry.send(new ListThingPrincipalsCommand({ thingName: 'gw-c' }));
  const { policies } = await local.registry.send(new ListAttachedPoliciesCommand({ target: certificateArn }));
  expect({ principals, policies }).toMatchObject({
    principals: [certificateArn],
    policies: [{ policyName: 'gateway' }],
  });

  const drop = () => local.registry.send(new DeleteCertificateCommand({ certificateId }));
  await expect(drop()).rejects.toMatchObject({ name: 'CertificateStateException' });
  await local.registry.send(new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' }));
  expect(
    (await local.registry.send(new DescribeCertificateCommand({ certificateId }))).certificateDescription
      ?.status,
  ).toBe('REVOKED');
  await expect(drop()).rejects.toMatchObject({ name: 'DeleteConflictException' });
  await local.registry.send(
    new DetachThingPrincipalCommand({ thingName: 'gw-c', principal: certificateArn }),
  );
  await local.registry.send(new DetachPolicyCommand({ policyName: 'gateway', target: certificateArn }));
  await drop();
});

test('what does not exist is said so', async () => {
  const { certificateArn } = await local.newCertificate();
  await expect(
    local.registry.send(new AttachPolicyCommand({ policyName: 'none', target: certificateArn })),
  ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  const unknown = certificateArn.replace(/[0-9a-f]{64}$/, '0'.repeat(64));
  await expect(
    local.registry.send(new AttachPolicyCommand({ policyName: 'gateway', target: unknown })),
  ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('the data endpoint is the broker', async () => {
  const { endpointAddress } = await local.registry.send(
    new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }),
  );
  expect(endpointAddress).toBe(`localhost:${local.iot.mqttPort}`);
});

test('the broker listens on loopback only', async (context) => {
  const address = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
  if (address === undefined) {
    console.warn('skipped: this machine has no other address');
    return context.skip();
  }
  const outcome = await new Promise((resolve) => {
    const socket = createConnection({ host: address, port: local.iot.mqttPort }, () => resolve('connected'));
    socket.once('error', () => resolve('refused'));
    socket.setTimeout(2000, () => resolve('refused'));
  });
  expect(outcome).toBe('refused');
});
