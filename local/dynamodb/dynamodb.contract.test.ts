import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  DynamoDBServiceException,
  TransactionCanceledException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  TransactGetCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDynamoDb } from './start-dynamodb.ts';

/** The same expectations of our service and, when one is named, of an independent emulator. */
const peer = process.env.HASHINSIGHT_PEER_ENDPOINT;
if (!peer)
  console.log('HASHINSIGHT_PEER_ENDPOINT is not set: the contract is tested against our own DynamoDB only');

type Subject = { readonly endpoint: string; readonly close: () => Promise<void> };
const subjects: readonly (readonly [string, () => Promise<Subject>])[] = [
  [
    'local',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'dynamodb-contract-'));
      const service = await startDynamoDb({
        region: 'us-east-1',
        accountId: '000000000000',
        stateDir: () => directory,
        log: () => {},
      });
      return {
        endpoint: service.endpoint,
        close: async () => {
          await service.close();
          rmSync(directory, { recursive: true });
        },
      };
    },
  ],
  ...(peer ? [['peer', async () => ({ endpoint: peer, close: async () => {} })] as const] : []),
];

describe.each(subjects)('DynamoDB (%s)', (_name, start) => {
  const table = `contract-${process.pid}`;
  let subject: Subject;
  let client: DynamoDBClient;
  let db: DynamoDBDocumentClient;

  beforeAll(async () => {
    subject = await start();
    client = new DynamoDBClient({
      endpoint: subject.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    db = DynamoDBDocumentClient.from(client);
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: ['pk', 'sk', 'owner'].map((AttributeName) => ({
          AttributeName,
          AttributeType: 'S' as const,
        })),
        GlobalSecondaryIndexes: [
          {
            IndexName: 'by-owner',
            KeySchema: [
              { AttributeName: 'owner', KeyType: 'HASH' },
              { AttributeName: 'sk', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
      }),
    );
    await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 2 }, { TableName: table });
  });
  afterAll(async () => {
    await client.send(new DeleteTableCommand({ TableName: table }));
    client.destroy();
    await subject.close();
  });

  const put = (pk: string, sk: string, more = {}) =>
    db.send(new PutCommand({ TableName: table, Item: { pk, sk, ...more } }));
  const get = async (pk: string, sk: string) =>
    (await db.send(new GetCommand({ TableName: table, Key: { pk, sk }, ConsistentRead: true }))).Item;
  const transact = (items: NonNullable<TransactWriteCommandInput['TransactItems']>, token?: string) =>
    db.send(
      new TransactWriteCommand({
        TransactItems: items,
        ...(token !== undefined && { ClientRequestToken: token }),
      }),
    );
  const putOf = (pk: string, sk: string, more = {}) => ({
    Put: { TableName: table, Item: { pk, sk, ...more } },
  });
  const faultOf = async (work: Promise<unknown>) => {
    const error: unknown = await work.then(
      () => undefined,
      (caught: unknown) => caught,
    );
    if (!(error instanceof DynamoDBServiceException))
      throw new Error('the call was expected to be refused', { cause: error });
    return error;
  };
  const reasonsOf = async (work: Promise<unknown>) => {
    const error = await faultOf(work);
    if (!(error instanceof TransactionCanceledException)) throw error;
    return error.CancellationReasons;
  };

  test('a transaction of Put, Update, Delete and ConditionCheck is done whole', async () => {
    await put('t1', 'gone');
    await put('t1', 'counted', { n: 1 });
    await put('t1', 'checked', { state: 'open' });
    await transact([
      putOf('t1', 'new', { a: [1, { b: true }] }),
      { Delete: { TableName: table, Key: { pk: 't1', sk: 'gone' } } },
      {
        Update: {
          TableName: table,
          Key: { pk: 't1', sk: 'counted' },
          UpdateExpression: 'SET n = n + :one',
          ExpressionAttributeValues: { ':one': 1 },
        },
      },
      {
        ConditionCheck: {
          TableName: table,
          Key: { pk: 't1', sk: 'checked' },
          ConditionExpression: '#s = :open',
          ExpressionAttributeNames: { '#s': 'state' },
          ExpressionAttributeValues: { ':open': 'open' },
        },
      },
    ]);
    expect([await get('t1', 'new'), await get('t1', 'gone'), await get('t1', 'counted')]).toEqual([
      { pk: 't1', sk: 'new', a: [1, { b: true }] },
      undefined,
      { pk: 't1', sk: 'counted', n: 2 },
    ]);
  });

  test('a failed condition undoes all, with a reason for each item and the old item where it was asked for', async () => {
    await put('t2', 'there', { v: 'old' });
    const reasons = await reasonsOf(
      transact([
        putOf('t2', 'first'),
        {
          Put: {
            TableName: table,
            Item: { pk: 't2', sk: 'there' },
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
        {
          ConditionCheck: {
            TableName: table,
            Key: { pk: 't2', sk: 'none' },
            ConditionExpression: 'attribute_exists(pk)',
          },
        },
      ]),
    );
    expect(reasons?.map(({ Code }) => Code)).toEqual([
      'None',
      'ConditionalCheckFailed',
      'ConditionalCheckFailed',
    ]);
    expect(reasons?.[1]?.Item).toEqual({ pk: { S: 't2' }, sk: { S: 'there' }, v: { S: 'old' } });
    expect(reasons?.[2]?.Item).toBeUndefined();
    expect(await get('t2', 'first')).toBeUndefined();
  });

  test('a transaction is refused as a whole when it names an item twice, is too long, or has no item', async () => {
    expect((await faultOf(transact([putOf('t3', 'a'), putOf('t3', 'a')]))).name).toBe('ValidationException');
    expect(
      (await faultOf(transact(Array.from({ length: 101 }, (_, index) => putOf('t3', `x${index}`))))).name,
    ).toBe('ValidationException');
    expect((await faultOf(transact([]))).name).toBe('ValidationException');
    expect(await get('t3', 'a')).toBeUndefined();
  });

  test('a hundred items go in one transaction and come in one', async () => {
    const keys = Array.from({ length: 100 }, (_, index) => String(index).padStart(3, '0'));
    await transact(keys.map((sk) => putOf('t4', sk)));
    const asked = keys.map((sk) => ({ Get: { TableName: table, Key: { pk: 't4', sk } } }));
    const { Responses } = await db.send(new TransactGetCommand({ TransactItems: asked }));
    expect(Responses?.map((one) => one.Item?.sk)).toEqual(keys);
  });

  test('a repeated request with its token has no second effect; another request with it is refused', async () => {
    await put('t5', 'n', { n: 0 });
    const add = (by: number) => ({
      Update: {
        TableName: table,
        Key: { pk: 't5', sk: 'n' },
        UpdateExpression: 'ADD n :by',
        ExpressionAttributeValues: { ':by': by },
      },
    });
    const token = `token-${process.pid}`;
    await transact([add(1)], token);
    await transact([add(1)], token);
    expect(await get('t5', 'n')).toMatchObject({ n: 1 });
    expect((await faultOf(transact([add(2)], token))).name).toBe('IdempotentParameterMismatchException');
  });

  test('an update that does not fit the stored type cancels the transaction', async () => {
    await put('t6', 'text', { n: 'one' });
    const add = {
      TableName: table,
      Key: { pk: 't6', sk: 'text' },
      UpdateExpression: 'SET n = n + :one',
      ExpressionAttributeValues: { ':one': 1 },
    };
    const reasons = await reasonsOf(transact([putOf('t6', 'other'), { Update: add }]));
    expect(reasons?.map(({ Code }) => Code)).toEqual(['None', 'ValidationError']);
    expect(await get('t6', 'other')).toBeUndefined();
  });

  test('a single write whose condition fails answers the old item when asked', async () => {
    await put('s1', 'a', { v: 1 });
    const refused = {
      TableName: table,
      ConditionExpression: 'v = :two',
      ExpressionAttributeValues: { ':two': 2 },
    };
    const fault = await faultOf(
      db.send(
        new UpdateCommand({
          ...refused,
          Key: { pk: 's1', sk: 'a' },
          UpdateExpression: 'SET w = :two',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    );
    expect(fault).toMatchObject({
      name: 'ConditionalCheckFailedException',
      Item: { pk: { S: 's1' }, sk: { S: 'a' }, v: { N: '1' } },
    });
    const silent = await faultOf(db.send(new PutCommand({ ...refused, Item: { pk: 's1', sk: 'a' } })));
    expect('Item' in silent ? silent.Item : undefined).toBeUndefined();
  });

  test('of concurrent conditional writes exactly one succeeds', async () => {
    const attempts = Array.from({ length: 20 }, (_, index) =>
      db
        .send(
          new PutCommand({
            TableName: table,
            Item: { pk: 's2', sk: 'a', index },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        )
        .then(
          () => true,
          () => false,
        ),
    );
    expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1);
  });

  test('queries follow the sort key, both ways, in pages, on table and index', async () => {
    const sorts = ['a', 'ab', 'b', 'c', 'd'];
    await db.send(
      new BatchWriteCommand({
        RequestItems: {
          [table]: sorts.map((sk) => ({ PutRequest: { Item: { pk: 'q1', sk, owner: 'q1', n: sk.length } } })),
        },
      }),
    );
    const keys = async (more: object) => {
      const found = await db.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': 'q1' },
          ...more,
        }),
      );
      return { sorts: found.Items?.map((item) => item.sk), next: found.LastEvaluatedKey };
    };
    expect((await keys({})).sorts).toEqual(sorts);
    expect((await keys({ ScanIndexForward: false })).sorts).toEqual(sorts.toReversed());
    const first = await keys({ Limit: 2 });
    expect(first).toEqual({ sorts: ['a', 'ab'], next: { pk: 'q1', sk: 'ab' } });
    expect((await keys({ Limit: 2, ExclusiveStartKey: first.next })).sorts).toEqual(['b', 'c']);
    const prefix = {
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :a)',
      ExpressionAttributeValues: { ':pk': 'q1', ':a': 'a' },
    };
    expect((await keys(prefix)).sorts).toEqual(['a', 'ab']);
    const between = {
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :a AND :b',
      ExpressionAttributeValues: { ':pk': 'q1', ':a': 'ab', ':b': 'c' },
    };
    expect((await keys(between)).sorts).toEqual(['ab', 'b', 'c']);
    const index = {
      IndexName: 'by-owner',
      KeyConditionExpression: '#o = :pk',
      ExpressionAttributeNames: { '#o': 'owner' },
    };
    expect((await keys({ ...index, ScanIndexForward: false, Limit: 2 })).sorts).toEqual(['d', 'c']);
    await db.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk: 'q1', sk: 'd' },
        UpdateExpression: 'REMOVE #o',
        ExpressionAttributeNames: { '#o': 'owner' },
      }),
    );
    expect((await keys(index)).sorts).toEqual(['a', 'ab', 'b', 'c']);
    const filtered = await db.send(
      new ScanCommand({
        TableName: table,
        FilterExpression: 'pk = :pk AND n > :one',
        ExpressionAttributeValues: { ':pk': 'q1', ':one': 1 },
      }),
    );
    expect(filtered.Items).toHaveLength(1);
    const asked = {
      [table]: {
        Keys: [
          { pk: 'q1', sk: 'a' },
          { pk: 'q1', sk: 'none' },
        ],
      },
    };
    expect((await db.send(new BatchGetCommand({ RequestItems: asked }))).Responses?.[table]).toHaveLength(1);
  });

  test('a large binary item comes back whole; one over 400 KB is refused', async () => {
    const bytes = Uint8Array.from({ length: 380_000 }, (_, index) => index % 251);
    await put('b1', 'a', { bytes });
    expect(Buffer.from((await get('b1', 'a'))?.bytes).equals(bytes)).toBe(true);
    expect((await faultOf(put('b1', 'b', { bytes: new Uint8Array(410_000) }))).name).toBe(
      'ValidationException',
    );
  });

  test('the time to live is described as it was set', async () => {
    const described = async () =>
      (await client.send(new DescribeTimeToLiveCommand({ TableName: table }))).TimeToLiveDescription;
    expect((await described())?.TimeToLiveStatus).toBe('DISABLED');
    const specification = { AttributeName: 'ttl', Enabled: true };
    await client.send(
      new UpdateTimeToLiveCommand({ TableName: table, TimeToLiveSpecification: specification }),
    );
    expect(await described()).toEqual({ AttributeName: 'ttl', TimeToLiveStatus: 'ENABLED' });
  });

  test('a table that does not exist is named so', async () => {
    const missing = { TableName: 'nowhere', Key: { pk: 'a', sk: 'b' } };
    expect((await faultOf(db.send(new GetCommand(missing)))).name).toBe('ResourceNotFoundException');
    expect((await faultOf(transact([{ Delete: missing }]))).name).toBe('ResourceNotFoundException');
  });
});
