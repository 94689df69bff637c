import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDynamoDb } from '../dynamodb/start-dynamodb.ts';
import { createMeter } from './meter.ts';
import { functionMeter, metricsOf } from './meter-function.ts';
import { iotMeter } from './meter-iot.ts';
import { meteredQueues } from './meter-queues.ts';
import { s3Meter } from './meter-s3.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'metering-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('requests of the SDK to DynamoDB consume what AWS would bill', async () => {
  const meter = createMeter();
  const service = await startDynamoDb({
    region: 'us-east-1',
    accountId: '000000000000',
    stateDir: () => directory,
    log: () => {},
    meter,
  });
  await service.resources['AWS::DynamoDB::Table']?.({
    stack: 'S',
    logicalId: 'T',
    type: 'AWS::DynamoDB::Table',
    properties: {
      TableName: 'table',
      AttributeDefinitions: ['pk', 'sk'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    },
  });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: service.endpoint, region: 'us-east-1', credentials });
  const db = DynamoDBDocumentClient.from(client);
  const put = (sk: string, bytes: number, more = {}) => ({
    TableName: 'table',
    Item: { pk: 'RAW#1', sk, data: 'x'.repeat(bytes), ...more },
  });
  try {
    await db.send(new PutCommand(put('a', 3_000)));
    expect(meter.read()['dynamodb.writeRequestUnits']).toEqual({ 'table RAW': 3 });
    await db
      .send(new PutCommand({ ...put('a', 10), ConditionExpression: 'attribute_not_exists(pk)' }))
      .catch(() => undefined);
    expect(meter.read()['dynamodb.writeRequestUnits']).toEqual({ 'table RAW': 6 });
    await db.send(
      new TransactWriteCommand({ TransactItems: [{ Put: put('b', 500) }, { Put: put('c', 1_500) }] }),
    );
    expect(meter.read()['dynamodb.writeRequestUnits']).toEqual({ 'table RAW': 6 + 2 + 4 });
    const Key = { pk: 'RAW#1', sk: 'a' };
    await db.send(new GetCommand({ TableName: 'table', Key }));
    await db.send(new GetCommand({ TableName: 'table', Key, ConsistentRead: true }));
    await db.send(new GetCommand({ TableName: 'table', Key: { ...Key, sk: 'absent' } }));
    expect(meter.read()['dynamodb.readRequestUnits']).toEqual({ 'table RAW': 0.5 + 1 + 0.5 });
    const answer = await db.send(
      new QueryCommand({
        TableName: 'table',
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': 'RAW#1' },
      }),
    );
    // About 5 KB in all: two units of 4 KB, halved.
    expect(meter.read()['dynamodb.readRequestUnits']).toEqual({ 'table RAW': 2 + 1 });
    expect(answer.ConsumedCapacity).toBeUndefined();
    const ttl = Math.ceil(Date.now() / 1000) + 1_000;
    await db.send(new PutCommand(put('d', 1_000, { ttl })));
    const [byteSeconds = 0] = Object.values(meter.read()['dynamodb.byteSeconds'] ?? {});
    expect(byteSeconds / 1_000).toBeGreaterThan(1_100);
    expect(byteSeconds / 1_000).toBeLessThan(1_150);
  } finally {
    client.destroy();
    await service.close();
  }
});

test('a stored object is billed until its lifecycle ends it, or until it is replaced', () => {
  const meter = createMeter();
  const s3 = s3Meter(meter);
  s3.hasBucket('b', [{ prefix: 'raw/', days: 8 }]);
  const request = { bucket: 'b', key: 'raw/1', bytesIn: 0, bytesOut: 0 };
  s3.onRequest({ ...request, operation: 'PutObject', bytesIn: 1_000 });
  s3.onRequest({ ...request, operation: 'GetObject', bytesOut: 1_000 });
  s3.onRequest({ ...request, operation: 'ListObjectsV2' });
  expect(meter.read()['s3.byteSeconds']?.['b/raw/']).toBe(1_000 * 8 * 86_400);
  s3.onRequest({ ...request, operation: 'DeleteObject', deleted: ['raw/1'] });
  expect(meter.read()['s3.byteSeconds']?.['b/raw/'] ?? 0).toBeLessThan(10_000);
  expect(meter.read()['s3.tier1Requests']).toEqual({ 'b/raw/': 2 });
  expect(meter.read()['s3.tier2Requests']).toEqual({ 'b/raw/': 1 });
});

test('queues count pieces of 64 KB, and nothing for a receive that finds nothing', async () => {
  const meter = createMeter();
  const message = {
    messageId: '',
    receiptHandle: '',
    body: 'x'.repeat(70_000),
    md5OfBody: '',
    attributes: {},
    messageAttributes: {},
  };
  const found = [[message], []];
  const queues = meteredQueues(
    {
      send: () => {},
      receive: async () => found.shift() ?? [],
      remove: () => {},
      open: () => 0,
      wake: () => {},
    },
    meter,
  );
  queues.send('arn:aws:sqs:r:a:q', message.body);
  await queues.receive('arn:aws:sqs:r:a:q', 10, 0);
  await queues.receive('arn:aws:sqs:r:a:q', 10, 0);
  expect(meter.read()['sqs.requests']).toEqual({ 'q sends': 2, 'q receives': 2, 'q deletions': 1 });
});

test('IoT counts pieces of 5 KB; Basic Ingest is free, its rules are not', () => {
  const meter = createMeter();
  const iot = iotMeter(meter);
  iot.published('$aws/rules/telemetry/dt/1', Buffer.alloc(12_000));
  iot.published('dt/1', Buffer.alloc(5_116));
  iot.published('dt/1', Buffer.alloc(5_117));
  iot.triggered('telemetry', 'dt/1', Buffer.alloc(12_000));
  iot.performed('telemetry', Buffer.alloc(16_000));
  iot.delivered('dt/1', Buffer.alloc(100), 1);
  const { 'iot.messages': messages, ...rest } = meter.read();
  expect(messages).toEqual({ published: 3, delivered: 1, 'acknowledged by devices': 1 });
  expect(rest).toMatchObject({
    'iot.basicIngestMessages': { published: 3 },
    'iot.rulesTriggered': { telemetry: 3 },
    'iot.actionsExecuted': { telemetry: 4 },
  });
});

test('a function is billed by milliseconds begun, memory, log bytes and the metrics that it writes', () => {
  const meter = createMeter();
  const fn = functionMeter(meter, 'fn', { memoryMb: 512, isTraced: true });
  fn.invoked(100.2);
  expect(meter.read()['lambda.gbSeconds']?.fn).toBeCloseTo(0.101 * 0.5);
  const logged = meter.read()['logs.ingestedBytes']?.fn ?? 0;
  const line = JSON.stringify({
    _aws: {
      CloudWatchMetrics: [
        {
          Namespace: 'N',
          Dimensions: [['service']],
          Metrics: [{ Name: 'Lag' }, { Name: 'Late' }],
        },
      ],
    },
    service: 'telemetry',
    Lag: 1,
    Late: 2,
  });
  fn.wrote(`${line.slice(0, 20)}`);
  fn.wrote(`${line.slice(20)}\n${line}\n`);
  expect(meter.read()['logs.ingestedBytes']?.fn).toBe(logged + 2 * (line.length + 26));
  expect(Object.keys(meter.read()['cloudwatch.customMetrics'] ?? {})).toEqual([
    'N Lag service=telemetry',
    'N Late service=telemetry',
  ]);
  expect(metricsOf('not a metric')).toEqual([]);
});
