import 'reflect-metadata';

import { webcrypto, X509Certificate } from 'node:crypto';
import { DescribeCertificateCommand, DescribeThingCommand } from '@aws-sdk/client-iot';
import { DeleteConnectionCommand } from '@aws-sdk/client-iot-data-plane';
import * as x509 from '@peculiar/x509';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { closing, eventually, type Identity, startForTest } from './test-iot.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const arn = (resource: string) => `arn:aws:iot:us-east-1:000000000000:${resource}`;
const csrTopic = '$aws/certificates/create-from-csr/json';
const provisionTopic = '$aws/provisioning-templates/gateways/provision/json';

let local: Awaited<ReturnType<typeof startForTest>>;
const asked: unknown[] = [];
const queued: string[] = [];
beforeAll(async () => {
  local = await startForTest({
    invoke: async (name, event) => {
      expect(name).toBe('hook');
      asked.push(event);
      const { parameters } = z.object({ parameters: z.record(z.string(), z.string()) }).parse(event);
      if (parameters.Claim === 'crash') return { ok: false, errorType: 'Error', errorMessage: 'no' };
      if (parameters.Claim !== 'good') return { ok: true, payload: { allowProvisioning: false } };
      return {
        ok: true,
        payload: { allowProvisioning: true, parameterOverrides: { GatewayId: 'gw-new', SiteId: '7' } },
      };
    },
    sendToQueue: async (_queue, body) => void queued.push(body),
  });
  const text = { Type: 'String' };
  await local.create('AWS::IoT::ProvisioningTemplate', 'Template', {
    TemplateName: 'gateways',
    Enabled: true,
    ProvisioningRoleArn: 'arn:aws:iam::000000000000:role/r',
    PreProvisioningHook: { PayloadVersion: '2020-04-01', TargetArn: 'hook' },
    TemplateBody: JSON.stringify({
      Parameters: { Claim: text, GatewayId: text, SiteId: text, 'AWS::IoT::Certificate::Id': text },
      Resources: {
        thing: {
          Type: 'AWS::IoT::Thing',
          OverrideSettings: { AttributePayload: 'REPLACE' },
          Properties: { ThingName: { Ref: 'GatewayId' }, AttributePayload: { siteId: { Ref: 'SiteId' } } },
        },
        certificate: {
          Type: 'AWS::IoT::Certificate',
          Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
        },
        policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'gateway' } },
      },
    }),
  });
  const topics = [csrTopic, provisionTopic];
  const answers = topics.flatMap((topic) => [`${topic}/accepted`, `${topic}/rejected`]);
  await local.create('AWS::IoT::Policy', 'ClaimPolicy', {
    PolicyName: 'claim',
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 'iot:Connect', Resource: arn('client/claim-*') },
        { Effect: 'Allow', Action: 'iot:Publish', Resource: topics.map((topic) => arn(`topic/${topic}`)) },
        {
          Effect: 'Allow',
          Action: 'iot:Subscribe',
          Resource: answers.map((topic) => arn(`topicfilter/${topic}`)),
        },
        { Effect: 'Allow', Action: 'iot:Receive', Resource: answers.map((topic) => arn(`topic/${topic}`)) },
      ],
    },
  });
});
afterAll(() => local.close());

const claimIdentity = async () => {
  const identity = await local.newCertificate();
  const { AttachPolicyCommand } = await import('@aws-sdk/client-iot');
  await local.registry.send(
    new AttachPolicyCommand({ policyName: 'claim', target: identity.certificateArn }),
  );
  return identity;
};
const newRequest = async () => {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create(
    { name: 'CN=gateway', keys, signingAlgorithm: algorithm },
    webcrypto,
  );
  const key = x509.PemConverter.encode(
    await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
    'PRIVATE KEY',
  );
  return { csr: csr.toString('pem'), key };
};
const made = z.object({
  certificateId: z.string(),
  certificatePem: z.string(),
  certificateOwnershipToken: z.string(),
});

let calls = 0;
const connectClaim = async (identity: Identity) => {
  const heard: string[] = [];
  const client = await local.connect(`claim-${calls++}`, identity, { clean: true }, heard);
  for (const topic of [csrTopic, provisionTopic])
    await client.subscribeAsync([`${topic}/accepted`, `${topic}/rejected`], { qos: 1 });
  return { client, heard };
};
const ask = async (
  { client, heard }: { client: MqttClient; heard: string[] },
  topic: string,
  body: object | string,
) => {
  const before = heard.length;
  await client.publishAsync(topic, typeof body === 'string' ? body : JSON.stringify(body), { qos: 1 });
  const text = await eventually(() => heard[before]);
  const at = text.indexOf(' ');
  const parsed: unknown = JSON.parse(text.slice(at + 1));
  return { topic: text.slice(0, at).replace(topic, ''), body: parsed };
};

test('a gateway with a claim certificate gets its own, for its own key, and is let in by the hook', async () => {
  const identity = await claimIdentity();
  const claim = await connectClaim(identity);
  const bystander = await connectClaim(await claimIdentity());
  const { csr, key } = await newRequest();
  const created = await ask(claim, csrTopic, { certificateSigningRequest: csr });
  expect(created.topic).toBe('/accepted');
  const { certificateId, certificatePem, certificateOwnershipToken } = made.parse(created.body);
  const status = async () =>
    (await local.registry.send(new DescribeCertificateCommand({ certificateId }))).certificateDescription
      ?.status;
  expect(await status()).toBe('PENDING_ACTIVATION');
  expect(new X509Certificate(certificatePem).subject).toBe('CN=gateway');

  // The new certificate opens nothing yet.
  await expect(local.connect('gw-new', { cert: certificatePem, key })).rejects.toThrow();
  const refused = await ask(claim, provisionTopic, {
    certificateOwnershipToken,
    parameters: { Claim: 'bad' },
  });
  expect(refused).toMatchObject({ topic: '/rejected', body: { statusCode: 403, errorCode: 'AccessDenied' } });
  const crashed = await ask(claim, provisionTopic, {
    certificateOwnershipToken,
    parameters: { Claim: 'crash' },
  });
  expect(crashed).toMatchObject({ topic: '/rejected', body: { errorCode: 'AccessDenied' } });
  expect(await status()).toBe('PENDING_ACTIVATION');

  // What the hook says outweighs what the gateway says.
  const parameters = { Claim: 'good', GatewayId: 'gw-other', SiteId: '9' };
  const registered = await ask(claim, provisionTopic, { certificateOwnershipToken, parameters });
  expect(registered).toEqual({ topic: '/accepted', body: { deviceConfiguration: {}, thingName: 'gw-new' } });
  expect(asked.at(-1)).toEqual({
    claimCertificateId: identity.certificateId,
    certificateId,
    certificatePem,
    templateArn: arn('provisioningtemplate/gateways'),
    clientId: expect.stringMatching(/^claim-/),
    parameters,
  });
  expect(await status()).toBe('ACTIVE');
  const thing = await local.registry.send(new DescribeThingCommand({ thingName: 'gw-new' }));
  expect(thing.attributes).toEqual({ siteId: '7' });
  const gateway = await local.connect('gw-new', { cert: certificatePem, key });
  await gateway.subscribeAsync('cmd/gw-new/request', { qos: 1 });
  await gateway.endAsync();

  // A token is good once.
  const again = await ask(claim, provisionTopic, { certificateOwnershipToken, parameters });
  expect(again).toMatchObject({
    topic: '/rejected',
    body: { statusCode: 400, errorCode: 'InvalidCertificateOwnershipToken' },
  });
  expect(bystander.heard).toEqual([]);
  await claim.client.endAsync();
  await bystander.client.endAsync();
});

test('what is not understood is rejected in words', async () => {
  const claim = await connectClaim(await claimIdentity());
  for (const [topic, body, errorCode] of [
    [csrTopic, 'no json', 'InvalidPayload'],
    [csrTopic, {}, 'InvalidPayload'],
    [csrTopic, { certificateSigningRequest: 'x' }, 'InvalidCsr'],
    [provisionTopic, { parameters: {} }, 'InvalidPayload'],
    [provisionTopic, { certificateOwnershipToken: 'made-up' }, 'InvalidCertificateOwnershipToken'],
  ] as const)
    expect(await ask(claim, topic, body)).toMatchObject({ topic: '/rejected', body: { errorCode } });
  await claim.client.endAsync();
});

test('a claim certificate opens nothing else', async () => {
  const identity = await claimIdentity();
  await expect(local.connect('gw-new', identity)).rejects.toThrow();
  const { client } = await connectClaim(identity);
  await expect(client.subscribeAsync('cmd/gw-new/request', { qos: 1 })).rejects.toThrow();
  const closed = closing(client);
  client.publish('dt/7/gw-new/telemetry', 'x', { qos: 1 });
  await closed;
});

test('rules hear who connects, with which certificate; DeleteConnection ends it', async () => {
  await local.rule('connections', {
    Sql: "SELECT clientId, principalIdentifier FROM '$aws/events/presence/connected/+'",
    AwsIotSqlVersion: '2016-03-23',
    RuleDisabled: false,
    Actions: [{ Sqs: { QueueUrl: 'http://queue/1', RoleArn: 'arn:aws:iam::0:role/r', UseBase64: false } }],
  });
  const identity = await local.register('gw-seen');
  const client = await local.connect('gw-seen', identity, { clean: false });
  const event = await eventually(() => queued.find((body) => body.includes('gw-seen')));
  expect(JSON.parse(event)).toEqual({ clientId: 'gw-seen', principalIdentifier: identity.certificateId });
  const closed = closing(client);
  await local.data.send(new DeleteConnectionCommand({ clientId: 'gw-seen', cleanSession: true }));
  await closed;
  await eventually(() => (client.connected ? undefined : true));
  await expect(local.data.send(new DeleteConnectionCommand({ clientId: 'gw-none' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});
