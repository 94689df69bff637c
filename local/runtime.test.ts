import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Runtime, startRuntime } from './runtime.ts';
import {
  arnOf,
  eventually,
  functionOf,
  type TestApp,
  temporaryDirectory,
  writeApp,
} from './testing/test-app.ts';

const started = async (
  app: TestApp,
  options: { readonly stateDir?: string; readonly consoleDir?: string } = {},
) => {
  const directory = temporaryDirectory();
  onTestFinished(() => directory[Symbol.dispose]());
  const cdkOut = writeApp(directory.path, app);
  const stateDir = options.stateDir ?? join(directory.path, 'state');
  const runtime = await startRuntime({
    cdkOut,
    stateDir,
    port: 0,
    ...(options.consoleDir && { consoleDir: options.consoleDir }),
  });
  onTestFinished(() => runtime.close());
  return { runtime, stateDir, cdkOut };
};

const sqsOf = ({ endpoints, clientConfig }: Runtime) =>
  new SQSClient({ ...clientConfig, endpoint: String(endpoints.AWS_ENDPOINT_URL_SQS) });
const outputOf = ({ outputs }: Runtime, id: string) => String(outputs.App?.[id]);

const queueApp = (handler: string, queue: Record<string, unknown> = {}): TestApp => ({
  functions: { worker: handler },
  stacks: {
    App: {
      Resources: {
        Worker: functionOf('worker', { Environment: { Variables: { DONE: { Ref: 'Done' } } } }),
        Dead: { Type: 'AWS::SQS::Queue' },
        Done: { Type: 'AWS::SQS::Queue' },
        Work: {
          Type: 'AWS::SQS::Queue',
          Properties: {
            VisibilityTimeout: 1,
            RedrivePolicy: { deadLetterTargetArn: arnOf('Dead'), maxReceiveCount: 2 },
            ...queue,
          },
        },
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            BatchSize: 10,
            EventSourceArn: arnOf('Work'),
            FunctionName: { Ref: 'Worker' },
            FunctionResponseTypes: ['ReportBatchItemFailures'],
          },
        },
      },
      Outputs: {
        Work: { Value: { Ref: 'Work' } },
        Dead: { Value: { Ref: 'Dead' } },
        Done: { Value: { Ref: 'Done' } },
      },
    },
  },
});

const receiveOne = async (sqs: SQSClient, QueueUrl: string) => {
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
  return Messages?.[0]?.Body;
};

describe('queues feed functions', () => {
  const failing = `export const handler = async ({ Records }) => ({
    batchItemFailures: Records.filter(({ body }) => body === 'bad').map(({ messageId }) => ({ itemIdentifier: messageId })),
  });`;

  it('takes what succeeded, gives back what failed, and puts it aside after its last receive', async () => {
    const { runtime } = await started(queueApp(failing));
    const sqs = sqsOf(runtime);
    const QueueUrl = outputOf(runtime, 'Work');
    for (const MessageBody of ['good', 'bad', 'fine'])
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    const dead = await eventually(() => receiveOne(sqs, outputOf(runtime, 'Dead')), 15_000);
    expect(dead).toBe('bad');
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    expect([
      Attributes?.ApproximateNumberOfMessages,
      Attributes?.ApproximateNumberOfMessagesNotVisible,
    ]).toEqual(['0', '0']);
  });

  it('keeps messages over a restart', async () => {
    const directory = temporaryDirectory();
    onTestFinished(() => directory[Symbol.dispose]());
    const stateDir = join(directory.path, 'state');
    const app = queueApp(failing);
    const first = await started(app, { stateDir });
    await sqsOf(first.runtime).send(
      new SendMessageCommand({ QueueUrl: outputOf(first.runtime, 'Done'), MessageBody: 'still here' }),
    );
    await first.runtime.close();
    const second = await started(app, { stateDir });
    expect(await receiveOne(sqsOf(second.runtime), outputOf(second.runtime, 'Done'))).toBe('still here');
  });
});

describe('buckets', () => {
  it('keep bytes exactly, over a restart too, and honour If-None-Match', async () => {
    const app: TestApp = {
      stacks: {
        App: {
          Resources: { Store: { Type: 'AWS::S3::Bucket' } },
          Outputs: { Store: { Value: { Ref: 'Store' } } },
        },
      },
    };
    const directory = temporaryDirectory();
    onTestFinished(() => directory[Symbol.dispose]());
    const stateDir = join(directory.path, 'state');
    const Body = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 251));
    const clientOf = ({ endpoints, clientConfig }: Runtime) =>
      new S3Client({ ...clientConfig, endpoint: String(endpoints.AWS_ENDPOINT_URL_S3) });
    const first = await started(app, { stateDir });
    const Bucket = outputOf(first.runtime, 'Store');
    const put = new PutObjectCommand({ Bucket, Key: 'a/b c.bin', Body, IfNoneMatch: '*' });
    await clientOf(first.runtime).send(put);
    await expect(clientOf(first.runtime).send(put)).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await first.runtime.close();
    const second = await started(app, { stateDir });
    const got = await clientOf(second.runtime).send(new GetObjectCommand({ Bucket, Key: 'a/b c.bin' }));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Body)).toBe(true);
  });
});

describe('a change in a table', () => {
  const app: TestApp = {
    functions: {
      publish: `export const handler = async ({ Records }) => {
        const Entries = Records.map(({ dynamodb }) => ({ EventBusName: process.env.BUS, Source: 'test', DetailType: 'changed', Detail: JSON.stringify(dynamodb.NewImage), Time: Date.now() / 1000 }));
        const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents' };
        const response = await fetch(process.env.AWS_ENDPOINT_URL_EVENTBRIDGE, { method: 'POST', headers, body: JSON.stringify({ Entries }) });
        if (!response.ok) throw new Error(await response.text());
      };`,
    },
    stacks: {
      App: {
        Resources: {
          Table: {
            Type: 'AWS::DynamoDB::Table',
            Properties: {
              KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
              AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
              BillingMode: 'PAY_PER_REQUEST',
              StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
            },
          },
          Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'bus' } },
          Publish: functionOf('publish', { Environment: { Variables: { BUS: { Ref: 'Bus' } } } }),
          Mapping: {
            Type: 'AWS::Lambda::EventSourceMapping',
            Properties: {
              EventSourceArn: { 'Fn::GetAtt': ['Table', 'StreamArn'] },
              FunctionName: { Ref: 'Publish' },
              StartingPosition: 'TRIM_HORIZON',
            },
          },
          Heard: { Type: 'AWS::SQS::Queue' },
          Rule: {
            Type: 'AWS::Events::Rule',
            Properties: {
              EventBusName: { Ref: 'Bus' },
              EventPattern: { 'detail-type': ['changed'] },
              State: 'ENABLED',
              Targets: [{ Arn: arnOf('Heard'), Id: 'Target0' }],
            },
          },
        },
        Outputs: { Table: { Value: { Ref: 'Table' } }, Heard: { Value: { Ref: 'Heard' } } },
      },
    },
  };

  it('reaches a queue by stream, function, bus and rule, in order', async () => {
    const { runtime } = await started(app);
    const db = new DynamoDBClient({
      ...runtime.clientConfig,
      endpoint: String(runtime.endpoints.AWS_ENDPOINT_URL_DYNAMODB),
    });
    const sqs = sqsOf(runtime);
    for (const pk of ['1', '2', '3'])
      await db.send(new PutItemCommand({ TableName: outputOf(runtime, 'Table'), Item: { pk: { S: pk } } }));
    const heard: unknown[] = [];
    while (heard.length < 3) {
      const body = await eventually(() => receiveOne(sqs, outputOf(runtime, 'Heard')));
      heard.push(JSON.parse(body).detail.pk.S);
    }
    expect(heard).toEqual(['1', '2', '3']);
  });
});

describe('the start', () => {
  it('refuses state that another process uses, and takes it when that one is gone', async () => {
    using directory = temporaryDirectory();
    const cdkOut = writeApp(directory.path, { stacks: {} });
    const stateDir = join(directory.path, 'state');
    mkdirSync(stateDir);
    writeFileSync(join(stateDir, 'pid'), String(process.ppid));
    await expect(startRuntime({ cdkOut, stateDir, port: 0 })).rejects.toThrow(
      `is in use by process ${process.ppid}`,
    );
    writeFileSync(join(stateDir, 'pid'), '999999999');
    const runtime = await startRuntime({ cdkOut, stateDir, port: 0 });
    await runtime.close();
  });

  it('can be made again at the same port with the same state after a close', async () => {
    using directory = temporaryDirectory();
    const cdkOut = writeApp(directory.path, { stacks: {} });
    const stateDir = join(directory.path, 'state');
    const first = await startRuntime({ cdkOut, stateDir, port: 0 });
    await first.close();
    const second = await startRuntime({ cdkOut, stateDir, port: Number(new URL(first.url).port) });
    expect(second.url).toBe(first.url);
    await second.close();
  });

  it('leaves nothing open when it fails', async () => {
    using directory = temporaryDirectory();
    const stateDir = join(directory.path, 'state');
    const bad = writeApp(directory.path, { stacks: { App: { Resources: { X: { Type: 'AWS::X::Y' } } } } });
    const before = listeners()?.length;
    await expect(startRuntime({ cdkOut: bad, stateDir, port: 0 })).rejects.toThrow('App/X');
    expect(listeners()?.length).toBe(before);
    const good = writeApp(directory.path, { stacks: {} });
    await (await startRuntime({ cdkOut: good, stateDir, port: 0 })).close();
  });

  it('says that the port is taken', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void blocker.close());
    const { port } = blocker.address() as AddressInfo;
    using directory = temporaryDirectory();
    const cdkOut = writeApp(directory.path, { stacks: {} });
    await expect(startRuntime({ cdkOut, stateDir: join(directory.path, 'state'), port })).rejects.toThrow(
      `Port ${port} is taken by another program; choose another with --port`,
    );
  });

  it('stops at a resource that it does not know, with its name', async () => {
    await expect(
      started({ stacks: { App: { Resources: { Strange: { Type: 'AWS::Neptune::DBCluster' } } } } }),
    ).rejects.toThrow(
      'App/Strange (AWS::Neptune::DBCluster): the local runtime does not know this resource type',
    );
  });

  it('stops at a property that it does not support, with its name', async () => {
    const app = {
      stacks: { App: { Resources: { Fn: functionOf('a', { VpcConfig: {} }) } } },
      functions: { a: 'export const handler = 1;' },
    };
    await expect(started(app)).rejects.toThrow(
      'App/Fn (AWS::Lambda::Function): the local runtime does not support the property VpcConfig',
    );
  });

  it('listens on loopback only', async () => {
    await started(queueApp('export const handler = async () => {};'));
    const listening = listeners();
    if (!listening) return console.log('skipped: /proc is not there to list listeners');
    expect(listening.length).toBeGreaterThan(3);
    expect(listening.filter((address) => address !== loopback)).toEqual([]);
  });
});

const loopback = '0100007F';

/** The addresses that sockets of this process listen on, in the kernel's hexadecimal; undefined where /proc is absent. */
const listeners = (): string[] | undefined => {
  if (process.platform !== 'linux') return undefined;
  const own = new Set(
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const rows = ['tcp', 'tcp6'].flatMap((file) =>
    readFileSync(`/proc/self/net/${file}`, 'utf8').trim().split('\n').slice(1),
  );
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((row) => row[3] === '0A' && own.has(row[9] ?? ''))
    .map((row) => row[1]?.split(':')[0] ?? '');
};
