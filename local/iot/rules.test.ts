import { PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestS3 } from '../s3/test-s3.ts';
import { closing, eventually, type Identity, startForTest } from './test-iot.ts';

const sql =
  "SELECT encode(*, 'base64') AS payload, topic(2) AS siteId, topic(3) AS gatewayId, timestamp() AS receivedAtMs FROM 'dt/+/+/telemetry'";
const to = (QueueUrl: string, more: object = {}) => ({
  Sqs: { QueueUrl, RoleArn: 'arn:aws:iam::000000000000:role/r', ...more },
});
const batch = Buffer.from([0, 1, 2, 255]);

let local: Awaited<ReturnType<typeof startForTest>>;
let objects: Awaited<ReturnType<typeof startTestS3>>;
let gateway: Identity;
let client: MqttClient;
const queued: { queue: string; body: string }[] = [];
const invoked: { name: string; event: unknown }[] = [];
const gates = new Map<string, Promise<void>>();
beforeAll(async () => {
  objects = await startTestS3('archive');
  local = await startForTest({
    endpoints: { AWS_ENDPOINT_URL_S3: objects.endpoint },
    sendToQueue: async (queue, body) => {
      await gates.get(queue);
      if (queue.includes('broken')) throw new Error('There is no such queue');
      queued.push({ queue, body });
    },
    invokeAsync: async (name, event) => void invoked.push({ name, event }),
  });
  gateway = await local.register('gw-1');
  await local.rule('ingest', {
    Sql: sql,
    AwsIotSqlVersion: '2016-03-23',
    RuleDisabled: false,
    Actions: [to('queue')],
    ErrorAction: to('errors'),
  });
  await local.rule('failing', {
    Sql: "SELECT * FROM 'nowhere'",
    Actions: [to('broken')],
    ErrorAction: to('errors'),
  });
  await local.rule('hopeless', { Sql: "SELECT * FROM 'nowhere'", Actions: [to('broken')] });
  await local.rule('raw', { Sql: "SELECT * FROM 'nowhere'", Actions: [to('raw', { UseBase64: true })] });
  await local.rule('hot', {
    Sql: "SELECT temp AS t, clientid() AS who, principal() AS cert FROM 'dt/+/+/readings' WHERE temp > 80",
    Actions: [{ Lambda: { FunctionArn: 'fn' } }],
  });
  await local.rule('hot_again', {
    Sql: "SELECT * FROM 'dt/+/+/readings' WHERE temp > 80",
    Actions: [{ Republish: { Topic: 'dt/echo/${topic(3)}', Qos: 1, RoleArn: 'r' } }],
  });
  await local.rule('chained', {
    Sql: "SELECT * FROM 'dt/echo/+'",
    Actions: [{ Lambda: { FunctionArn: 'echoed' } }],
  });
  await local.rule('archive', {
    Sql: 'SELECT *',
    Actions: [{ S3: { BucketName: 'archive', Key: '${topic(2)}/${topic(3)}.bin', RoleArn: 'r' } }],
  });
  await local.rule('off', { Sql: "SELECT * FROM '#'", RuleDisabled: true, Actions: [to('off')] });
});
beforeEach(async () => {
  queued.length = 0;
  invoked.length = 0;
  gates.clear();
  client = await local.connect('gw-1', gateway);
});
afterAll(async () => {
  client.end(true);
  await local.close();
  await objects.close();
});

test('a telemetry batch by Basic Ingest is in the queue when it is acknowledged, and reaches no subscriber', async () => {
  const heard: string[] = [];
  const listener = await local.connect('gw-1', gateway, {}, heard);
  await listener.subscribeAsync('dt/#', { qos: 1 });
  await listener.publishAsync('$aws/rules/ingest/dt/7/gw-1/telemetry', batch, { qos: 1 });
  expect(queued.map(({ queue, body }) => ({ queue, ...JSON.parse(body) }))).toEqual([
    {
      queue: 'queue',
      payload: batch.toString('base64'),
      siteId: '7',
      gatewayId: 'gw-1',
      receivedAtMs: expect.any(Number),
    },
  ]);
  await listener.publishAsync('dt/7/gw-1/telemetry', 'plain', { qos: 1 });
  await eventually(() => heard[0]);
  expect(heard).toEqual(['dt/7/gw-1/telemetry plain']);
  expect(queued).toHaveLength(2);
  listener.end(true);
});

test('nothing is acknowledged before the action has accepted it', async () => {
  const gate = Promise.withResolvers<void>();
  gates.set('queue', gate.promise);
  let acknowledged = false;
  const publishing = client
    .publishAsync('$aws/rules/ingest/dt/7/gw-1/telemetry', batch, { qos: 1 })
    .then(() => {
      acknowledged = true;
    });
  // A later message on the same connection is answered while the first still waits.
  await client.publishAsync('$aws/rules/raw/dt/7/gw-1/telemetry', batch, { qos: 1 });
  expect({ acknowledged, queued: queued.map(({ queue }) => queue) }).toEqual({
    acknowledged: false,
    queued: ['raw'],
  });
  gate.resolve();
  await publishing;
  expect(queued.map(({ queue }) => queue)).toEqual(['raw', 'queue']);
  expect(queued[0]?.body).toBe(batch.toString('base64'));
});

test('a failed action goes to the error action with the original payload', async () => {
  await client.publishAsync('$aws/rules/failing/dt/7/gw-1/telemetry', batch, { qos: 1 });
  expect(queued.map(({ queue, body }) => ({ queue, ...JSON.parse(body) }))).toEqual([
    {
      queue: 'errors',
      ruleName: 'failing',
      topic: 'dt/7/gw-1/telemetry',
      cloudwatchTraceId: expect.any(String),
      clientId: 'gw-1',
      base64OriginalPayload: batch.toString('base64'),
      failures: [
        { failedAction: 'SqsAction', failedResource: 'broken', errorMessage: 'There is no such queue' },
      ],
    },
  ]);
});

test('what no action accepts is not acknowledged', async () => {
  const closed = closing(client);
  const publishing = client.publishAsync('$aws/rules/hopeless/dt/7/gw-1/telemetry', batch, { qos: 1 });
  await closed;
  client.end(true);
  await expect(publishing).rejects.toThrow();
});

test('WHERE chooses, Lambda receives, and a republished message sets off rules of its own', async () => {
  await client.publishAsync('dt/7/gw-1/readings', '{"temp":70}', { qos: 1 });
  expect(invoked).toEqual([]);
  await client.publishAsync('dt/7/gw-1/readings', '{"temp":90}', { qos: 1 });
  expect(invoked).toContainEqual({ name: 'fn', event: { t: 90, who: 'gw-1', cert: gateway.certificateId } });
  expect(invoked).toContainEqual({ name: 'echoed', event: { temp: 90 } });
});

test('rules that republish in a circle end', async () => {
  await local.rule('circle', {
    Sql: "SELECT * FROM 'round'",
    Actions: [{ Republish: { Topic: 'round', RoleArn: 'r' } }],
    ErrorAction: to('errors'),
  });
  await local.data.send(new PublishCommand({ topic: 'round', payload: Buffer.from('1'), qos: 1 }));
  expect(queued).toMatchObject([{ queue: 'errors', body: expect.stringContaining('in a circle') }]);
});

test('the data plane sets rules off too', async () => {
  await local.data.send(new PublishCommand({ topic: 'dt/7/gw-1/telemetry', payload: batch, qos: 1 }));
  expect(queued).toMatchObject([{ queue: 'queue' }]);
  await expect(local.data.send(new PublishCommand({ topic: 'a/+/b', payload: batch }))).rejects.toMatchObject(
    { name: 'InvalidRequestException' },
  );
});

test('S3 keeps the payload under the key of its topic', async () => {
  await client.publishAsync('$aws/rules/archive/dt/7/gw-1/telemetry', batch, { qos: 1 });
  const s3 = new S3Client({
    region: 'us-east-1',
    endpoint: objects.endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'archive', Key: '7/gw-1.bin' }));
  expect(Buffer.from((await Body?.transformToByteArray()) ?? [])).toEqual(batch);
  s3.destroy();
});

test.each([
  [{ Sql: "SELECT aws_lambda('x') FROM 'a'", Actions: [to('q')] }, /Test\/badRule .*aws_lambda/],
  [{ Sql: "SELECT * FROM 'a'", Actions: [{ DynamoDBv2: {} }] }, /Test\/badRule .*DynamoDBv2/],
  [
    { Sql: "SELECT * FROM 'a'", Actions: [{ Republish: { Topic: '${md5(x)}', RoleArn: 'r' } }] },
    /Test\/badRule .*md5/,
  ],
  [{ Sql: "SELECT * FROM 'a'", Actions: [to('q')], ErrorAction: {} }, /Test\/badRule .*one kind/],
])('a rule that is not supported stops the start with its logical id', async (payload, sentence) => {
  await expect(local.rule('bad', payload)).rejects.toThrow(sentence);
});

test('so does a policy', async () => {
  const statement = {
    Effect: 'Allow',
    Action: 'iot:Publish',
    Resource: '*',
    Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
  };
  const policy = { PolicyDocument: { Version: '2012-10-17', Statement: [statement] } };
  await expect(local.create('AWS::IoT::Policy', 'BadPolicy', policy)).rejects.toThrow(/Test\/BadPolicy/);
});
