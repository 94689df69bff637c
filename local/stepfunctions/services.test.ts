import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDynamoDb } from '../dynamodb/start-dynamodb.ts';
import { startEventBridge } from '../eventbridge/start-eventbridge.ts';
import type { Surroundings } from '../ports.ts';
import { eventually, machineOf, startForTest } from './test-machines.ts';

const directory = mkdtempSync(join(tmpdir(), 'stepfunctions-services-'));
const definitionFile = join(directory, 'asset.asl.json');
const delivered: string[] = [];
const surroundings: Surroundings = {
  publicUrl: 'http://localhost',
  region: 'us-east-1',
  accountId: '000000000000',
  stateDir: () => directory,
  invoke: async () => ({ ok: true, payload: null }),
  invokeAsync: async () => {},
  assetPath: () => definitionFile,
  sendToQueue: async (_, body) => void delivered.push(body),
  startExecution: async () => {},
  log: () => {},
};
let dynamo: Awaited<ReturnType<typeof startDynamoDb>>;
let bus: Awaited<ReturnType<typeof startEventBridge>>;
let steps: Awaited<ReturnType<typeof startForTest>>;
beforeAll(async () => {
  dynamo = await startDynamoDb(surroundings);
  bus = await startEventBridge(surroundings);
  const create = (
    service: typeof dynamo | typeof bus,
    type: string,
    logicalId: string,
    properties: Record<string, unknown>,
  ) => service.resources[type]?.({ stack: 'Test', logicalId, type, properties });
  await create(dynamo, 'AWS::DynamoDB::Table', 'Table', {
    TableName: 'loops',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  });
  await create(bus, 'AWS::Events::EventBus', 'Bus', { Name: 'hashinsight' });
  await create(bus, 'AWS::Events::Rule', 'Rule', {
    EventBusName: 'hashinsight',
    EventPattern: { source: ['test'] },
    State: 'ENABLED',
    Targets: [{ Id: 'queue', Arn: 'arn:aws:sqs:us-east-1:000000000000:queue' }],
  });
  await dynamo.begin?.();
  await bus.begin?.();
  steps = await startForTest({
    assetPath: surroundings.assetPath,
    endpoints: {
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
      AWS_ENDPOINT_URL_EVENTBRIDGE: bus.endpoint ?? '',
    },
  });
  await steps.service.begin?.();
});
afterAll(async () => {
  await steps.close();
  await bus.close();
  await dynamo.close();
});

const item = (action: string, args: object, more: object = { End: true }) => ({
  Type: 'Task',
  Resource: `arn:aws:states:::dynamodb:${action}`,
  Arguments: { TableName: 'loops', ...args },
  ...more,
});

test('items of DynamoDB are put, changed, read and deleted; a failed condition has its name', async () => {
  const Key = { id: { S: 'a' } };
  const machine = machineOf({
    Put: item(
      'putItem',
      {
        Item: { ...Key, n: { N: '{% $string($states.input.n) %}' } },
        ConditionExpression: 'attribute_not_exists(id)',
      },
      { Next: 'Update' },
    ),
    Update: item(
      'updateItem',
      { Key, UpdateExpression: 'SET n = n + :one', ExpressionAttributeValues: { ':one': { N: '1' } } },
      { Next: 'Get' },
    ),
    Get: item(
      'getItem',
      { Key, ConsistentRead: true },
      { Assign: { read: '{% $states.result.Item %}' }, Next: 'Again' },
    ),
    Again: item(
      'putItem',
      { Item: Key, ConditionExpression: 'attribute_not_exists(id)' },
      {
        Catch: [{ ErrorEquals: ['DynamoDB.ConditionalCheckFailedException'], Next: 'Delete' }],
        End: true,
      },
    ),
    Delete: item('deleteItem', { Key }, { Output: '{% $read %}', End: true }),
  });
  const { status, cause, output } = await steps.run(machine, { n: 4 });
  expect({ status, cause, output: JSON.parse(output ?? 'null') }).toEqual({
    status: 'SUCCEEDED',
    cause: undefined,
    output: { id: { S: 'a' }, n: { N: '5' } },
  });
});

test('events reach the bus', async () => {
  const entry = {
    EventBusName: 'hashinsight',
    Source: 'test',
    DetailType: 'loop.closed',
    Detail: { id: '{% $states.input.id %}' },
  };
  const machine = machineOf({
    Put: {
      Type: 'Task',
      Resource: 'arn:aws:states:::events:putEvents',
      Arguments: { Entries: [entry] },
      Output: '{% $states.result.FailedEntryCount %}',
      End: true,
    },
  });
  expect(await steps.run(machine, { id: 'loop-1' })).toMatchObject({ status: 'SUCCEEDED', output: '0' });
  expect(JSON.parse(await eventually(() => delivered[0]))).toMatchObject({
    source: 'test',
    'detail-type': 'loop.closed',
    detail: { id: 'loop-1' },
  });
});

test('a definition from an asset, with substitutions', async () => {
  writeFileSync(
    definitionFile,
    JSON.stringify(machineOf({ A: { Type: 'Pass', Output: { function: '${FunctionArn}' }, End: true } })),
  );
  const create = (values: Record<string, string>) =>
    steps.service.resources['AWS::StepFunctions::StateMachine']?.({
      stack: 'Test',
      logicalId: 'Loop',
      type: 'AWS::StepFunctions::StateMachine',
      properties: {
        StateMachineType: 'STANDARD',
        DefinitionS3Location: { Bucket: 'assets', Key: 'x.json' },
        DefinitionSubstitutions: values,
      },
    });
  const made = await create({ FunctionArn: 'arn:"x"' });
  const { output } = await steps.settled(await steps.start(made?.ref ?? ''));
  expect(JSON.parse(output ?? '')).toEqual({ function: 'arn:"x"' });
  await expect(async () => create({})).rejects.toThrow(/Test\/Loop .*\$\{FunctionArn\}/);
});
