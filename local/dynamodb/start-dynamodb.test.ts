import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ResolvedResource, StreamReader, StreamRecord } from '../ports.ts';
import { startDynamoDb } from './start-dynamodb.ts';

let directory: string;
let service: Awaited<ReturnType<typeof startDynamoDb>>;
let db: DynamoDBDocumentClient;

const start = async () => {
  service = await startDynamoDb({
    region: 'us-east-1',
    accountId: '000000000000',
    stateDir: () => directory,
    log: () => {},
  });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  db = DynamoDBDocumentClient.from(
    new DynamoDBClient({ endpoint: service.endpoint, region: 'us-east-1', credentials }),
  );
};
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dynamodb-'));
  await start();
});
afterEach(async () => {
  await service.close();
  rmSync(directory, { recursive: true });
});

const global = (properties: Record<string, unknown> = {}): ResolvedResource => ({
  stack: 'Audit',
  logicalId: 'TableCD117FA1',
  type: 'AWS::DynamoDB::GlobalTable',
  properties: {
    AttributeDefinitions: ['pk', 'sk'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    BillingMode: 'PAY_PER_REQUEST',
    Replicas: [
      {
        Region: 'us-east-1',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    ],
    SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
    StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    ...properties,
  },
});
const byStatus = {
  IndexName: 'by-status',
  KeySchema: [{ AttributeName: 'status', KeyType: 'HASH' }],
  Projection: { ProjectionType: 'ALL' },
};
const withIndex = () =>
  global({
    AttributeDefinitions: ['pk', 'sk', 'status'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
    GlobalSecondaryIndexes: [byStatus],
  });
const deploy = async (resource = global()) => {
  const handler = service.resources[resource.type];
  if (!handler) throw new Error('no handler');
  return handler(resource);
};
const collect = (streamArn: string, settings: Partial<StreamReader> = {}) => {
  const records: StreamRecord[] = [];
  const reader = service.streams.subscribe(streamArn, {
    name: 'test',
    startingPosition: 'TRIM_HORIZON',
    maxRecords: 10,
    gatherMs: 0,
    deliver: async (batch) => void records.push(...batch),
    ...settings,
  });
  return { records, close: reader.close };
};
const arnOf = (created: Awaited<ReturnType<typeof deploy>>) => created.attributes?.StreamArn ?? '';
const put = (table: string, sk: string, more = {}) =>
  db.send(new PutCommand({ TableName: table, Item: { pk: 'site', sk, ...more } }));

test('a GlobalTable of a template becomes a table with stream and time to live, and is found again', async () => {
  const created = await deploy();
  expect(created).toMatchObject({
    ref: 'Audit-TableCD117FA1',
    attributes: { Arn: 'arn:aws:dynamodb:us-east-1:000000000000:table/Audit-TableCD117FA1' },
  });
  expect(arnOf(created)).toMatch(/table\/Audit-TableCD117FA1\/stream\/\d{4}-/);
  await put(created.ref, 'a');
  await service.close();
  await start();
  expect(await deploy()).toEqual(created);
  const found = await db.send(new GetCommand({ TableName: created.ref, Key: { pk: 'site', sk: 'a' } }));
  expect(found.Item).toEqual({ pk: 'site', sk: 'a' });
});

test('an index that a later template adds is filled from the items that are there; one that it drops is gone', async () => {
  const { ref } = await deploy();
  await put(ref, 'a', { status: 'open' });
  await deploy(withIndex());
  const query = async () => {
    const values = { ':s': 'open' };
    return db.send(
      new QueryCommand({
        TableName: ref,
        IndexName: 'by-status',
        KeyConditionExpression: '#s = :s',
        ExpressionAttributeNames: { '#s': 'status' },
        ExpressionAttributeValues: values,
      }),
    );
  };
  expect((await query()).Items).toEqual([{ pk: 'site', sk: 'a', status: 'open' }]);
  await deploy();
  await expect(query()).rejects.toThrow('by-status');
});

test('a template whose keys differ from the stored table asks for a fresh state by logical id', async () => {
  await deploy();
  const changed = global({ KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }] });
  await expect(deploy(changed)).rejects.toThrow(/TableCD117FA1.*fresh state/);
});

test('an unknown property stops the start with the logical id', async () => {
  await expect(deploy(global({ Sharding: 3 }))).rejects.toThrow(/TableCD117FA1.*Sharding/);
});

test('a stream carries every write in commit order, a transaction as one run, and nothing of what failed', async () => {
  const created = await deploy();
  const { records, close } = collect(arnOf(created));
  await put(created.ref, 'a', { n: 1 });
  await put(created.ref, 'a', { n: 1 });
  await put(created.ref, 'a', { n: 2 });
  const refused = {
    TableName: created.ref,
    Item: { pk: 'site', sk: 'a' },
    ConditionExpression: 'attribute_not_exists(pk)',
  };
  const written = { TableName: created.ref, Item: { pk: 'site', sk: 'b' } };
  await expect(
    db.send(new TransactWriteCommand({ TransactItems: [{ Put: written }, { Put: refused }] })),
  ).rejects.toThrow('[None, ConditionalCheckFailed]');
  await db.send(
    new TransactWriteCommand({
      TransactItems: [{ Put: written }, { Delete: { TableName: created.ref, Key: { pk: 'site', sk: 'a' } } }],
    }),
  );
  await vi.waitFor(() => expect(records).toHaveLength(4));
  expect(records.map(({ eventName, dynamodb: { Keys } }) => [eventName, Keys.sk])).toEqual([
    ['INSERT', { S: 'a' }],
    ['MODIFY', { S: 'a' }],
    ['INSERT', { S: 'b' }],
    ['REMOVE', { S: 'a' }],
  ]);
  expect(records[1]?.dynamodb).toMatchObject({
    OldImage: { n: { N: '1' } },
    NewImage: { n: { N: '2' } },
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  });
  const places = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
  expect(places).toEqual([...places].sort());
  expect(new Set(records.map(({ eventID }) => eventID)).size).toBe(4);
  await close();
});

test('what was written while nobody read, or was being delivered at the end, comes after a restart; the rest does not', async () => {
  const created = await deploy();
  const first = collect(arnOf(created));
  await put(created.ref, 'done');
  await vi.waitFor(() => expect(first.records).toHaveLength(1));
  await first.close();
  const second = collect(arnOf(created), { deliver: () => Promise.reject(new Error('the runtime stops')) });
  await put(created.ref, 'undelivered');
  await second.close();
  await put(created.ref, 'unread');
  await service.close();
  await start();
  await deploy();
  const third = collect(arnOf(created));
  await vi.waitFor(() => expect(third.records).toHaveLength(2));
  expect(third.records.map(({ dynamodb }) => dynamodb.Keys.sk)).toEqual([
    { S: 'undelivered' },
    { S: 'unread' },
  ]);
  await third.close();
});

test('a reader from LATEST does not see the past; gathering fills a batch', async () => {
  const created = await deploy();
  await put(created.ref, 'past');
  const sizes: number[] = [];
  const reader = collect(arnOf(created), {
    startingPosition: 'LATEST',
    gatherMs: 5_000,
    maxRecords: 3,
    deliver: async (batch) => void sizes.push(batch.length),
  });
  for (const sk of ['a', 'b', 'c']) await put(created.ref, sk);
  await vi.waitFor(() => expect(sizes).toEqual([3]));
  await reader.close();
});

test('an unknown stream cannot be read', () => {
  expect(() => collect('arn:aws:dynamodb:us-east-1:000000000000:table/none/stream/x')).toThrow(
    'There is no stream',
  );
});

test('an expired item is deleted promptly, announced as removed by the service; one that lives stays', async () => {
  const created = await deploy();
  const { records, close } = collect(arnOf(created));
  const now = Math.floor(Date.now() / 1000);
  await put(created.ref, 'old', { ttl: now - 1 });
  await put(created.ref, 'young', { ttl: now + 3600 });
  await put(created.ref, 'ancient', { ttl: now - 6 * 365 * 86_400 });
  await put(created.ref, 'text', { ttl: String(now - 1) });
  await vi.waitFor(() => expect(records.filter(({ eventName }) => eventName === 'REMOVE')).toHaveLength(1), {
    timeout: 10_000,
  });
  const removed = records.find(({ eventName }) => eventName === 'REMOVE');
  expect(removed?.dynamodb.Keys.sk).toEqual({ S: 'old' });
  expect(removed?.userIdentity).toEqual({ type: 'Service', principalId: 'dynamodb.amazonaws.com' });
  await close();
});

test('an operation that is not emulated is refused by its name', async () => {
  const response = await fetch(service.endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': 'DynamoDB_20120810.ExecuteStatement' },
    body: '{}',
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    __type: expect.stringContaining('UnknownOperationException'),
    message: expect.stringContaining('ExecuteStatement'),
  });
});

const killedRightAfterWriting = `
  import { startDynamoDb } from '${new URL('start-dynamodb.ts', import.meta.url).href}';
  const service = await startDynamoDb({ region: 'us-east-1', accountId: '000000000000', stateDir: () => process.argv[1], log: () => {} });
  const put = (sk) => ({ Put: { TableName: 'Audit-TableCD117FA1', Item: { pk: { S: 'site' }, sk: { S: sk } } } });
  const response = await fetch(service.endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': 'DynamoDB_20120810.TransactWriteItems' },
    body: JSON.stringify({ TransactItems: [put('a'), put('b')] }),
  });
  if (response.status === 200) process.kill(process.pid, 'SIGKILL');
`;

test('what was acknowledged right before a kill -9 is there and is announced by the next process', async () => {
  const created = await deploy();
  await service.close();
  const child = spawn(process.execPath, ['--input-type=module', '-e', killedRightAfterWriting, directory], {
    stdio: 'ignore',
  });
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGKILL');
  await start();
  const { records, close } = collect(arnOf(created));
  await vi.waitFor(() =>
    expect(records.map(({ dynamodb }) => dynamodb.Keys.sk)).toEqual([{ S: 'a' }, { S: 'b' }]),
  );
  const found = await db.send(new GetCommand({ TableName: created.ref, Key: { pk: 'site', sk: 'b' } }));
  expect(found.Item).toEqual({ pk: 'site', sk: 'b' });
  await close();
});
