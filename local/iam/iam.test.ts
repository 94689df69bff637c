import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDynamoDb } from '../dynamodb/start-dynamodb.ts';
import { type Iam, openIam } from './iam.ts';
import { isAllowed, policyDocument } from './policy.ts';

const of = (...statements: readonly object[]) => policyDocument.parse({ Statement: statements }).Statement;
const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/T';

describe('statements', () => {
  const put = { action: 'dynamodb:PutItem', resource: table };
  it('allow what fits by action and resource, with * and ?, whatever the case of the action', () => {
    for (const [Action, Resource] of [
      ['dynamodb:PutItem', table],
      [
        ['dynamodb:GetItem', 'dynamodb:Put*'],
        [`${table}/index/*`, table],
      ],
      ['DynamoDB:putitem', '*'],
      ['*', table.replace('T', '?')],
    ])
      expect([Action, isAllowed(of({ Effect: 'Allow', Action, Resource }), put)]).toEqual([Action, true]);
  });
  it('allow nothing else', () => {
    for (const [Action, Resource] of [
      ['dynamodb:GetItem', table],
      ['dynamodb:PutItem', `${table}2`],
      ['dynamodb:PutItem', `${table}/index/*`],
      ['dynamodb:Put', table],
    ])
      expect([Action, isAllowed(of({ Effect: 'Allow', Action, Resource }), put)]).toEqual([Action, false]);
    expect(isAllowed([], put)).toBe(false);
  });
  it('deny, unless under a condition, which is not weighed', () => {
    const all = { Effect: 'Allow', Action: '*', Resource: '*' };
    const deny = { Effect: 'Deny', Action: 'dynamodb:*', Resource: '*' };
    expect(isAllowed(of(all, deny), put)).toBe(false);
    expect(
      isAllowed(of(all, { ...deny, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }), put),
    ).toBe(true);
  });
  it('of a kind that is not known are refused', () => {
    expect(() => of({ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' })).toThrow();
  });
});

describe('a function’s role', () => {
  let directory: string;
  let iam: Iam;
  let service: Awaited<ReturnType<typeof startDynamoDb>>;
  let tableName: string;
  const logged: string[] = [];
  const clients: DynamoDBDocumentClient[] = [];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'iam-'));
    iam = openIam({ accountId: '000000000000' });
    const around = { region: 'us-east-1', accountId: '000000000000', stateDir: () => directory };
    logged.length = 0;
    service = await startDynamoDb({
      ...around,
      refusalOf: iam.refusalOf,
      log: (_, line) => void logged.push(line),
    });
    const made = await service.resources['AWS::DynamoDB::GlobalTable']?.({
      stack: 'App',
      logicalId: 'Table',
      type: 'AWS::DynamoDB::GlobalTable',
      properties: {
        AttributeDefinitions: ['pk', 'sk', 'other'].map((AttributeName) => ({
          AttributeName,
          AttributeType: 'S',
        })),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'by-other',
            KeySchema: [{ AttributeName: 'other', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        Replicas: [{ Region: 'us-east-1' }],
      },
    });
    tableName = made?.ref ?? '';
  });
  afterEach(async () => {
    for (const one of clients.splice(0)) one.destroy();
    await service.close();
    rmSync(directory, { recursive: true });
  });

  const create = async (type: string, logicalId: string, properties: object) => {
    const made = await iam.resources[type]?.({
      stack: 'App',
      logicalId,
      type,
      properties: { ...properties },
    });
    if (!made) throw new Error(`no handler for ${type}`);
    return made;
  };
  /** A client with the rights of a role that may do these. */
  const clientWith = async (actions: readonly string[], resources: readonly string[]) => {
    const role = await create('AWS::IAM::Role', 'Role', {});
    await create('AWS::IAM::Policy', 'Policy', {
      PolicyName: 'Policy',
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: actions, Resource: resources }],
      },
      Roles: [role.ref],
    });
    const accessKeyId = iam.accessKeyOf(role.attributes?.Arn ?? '');
    const client = DynamoDBDocumentClient.from(
      new DynamoDBClient({
        region: 'us-east-1',
        endpoint: service.endpoint,
        credentials: { accessKeyId, secretAccessKey: 'local' },
      }),
    );
    clients.push(client);
    return client;
  };
  const arn = () => `arn:aws:dynamodb:us-east-1:000000000000:table/${tableName}`;
  const Key = { pk: 'a', sk: 'b' };
  const nameOf = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      (error: unknown) => (error instanceof Error ? error.name : 'odd'),
    );

  it('may read where it is allowed to, and an index only where that is named', async () => {
    const client = await clientWith(['dynamodb:GetItem', 'dynamodb:Query'], [arn()]);
    const query = (IndexName?: string) =>
      client.send(
        new QueryCommand({
          TableName: tableName,
          ...(IndexName && { IndexName }),
          KeyConditionExpression: '#key = :value',
          ExpressionAttributeNames: { '#key': IndexName ? 'other' : 'pk' },
          ExpressionAttributeValues: { ':value': 'a' },
        }),
      );
    expect(await nameOf(client.send(new GetCommand({ TableName: tableName, Key })))).toBe('done');
    expect(await nameOf(query())).toBe('done');
    expect(await nameOf(query('by-other'))).toBe('AccessDeniedException');
    expect(logged.join()).toContain(`dynamodb:Query on resource: ${arn()}/index/by-other`);
  });

  it('needs the right to each entry of a transaction, and nothing is written without one', async () => {
    const client = await clientWith(['dynamodb:PutItem', 'dynamodb:GetItem'], [arn()]);
    const put = { Put: { TableName: tableName, Item: { ...Key, n: 1 } } };
    const check = {
      ConditionCheck: {
        TableName: tableName,
        Key: { pk: 'x', sk: 'y' },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    };
    const write = (TransactItems: object[]) => client.send(new TransactWriteCommand({ TransactItems }));
    expect(await nameOf(write([put, check]))).toBe('AccessDeniedException');
    expect((await client.send(new GetCommand({ TableName: tableName, Key }))).Item).toBeUndefined();
    expect(logged.join()).toContain('dynamodb:ConditionCheckItem');
    expect(await nameOf(write([put]))).toBe('done');
  });
});
