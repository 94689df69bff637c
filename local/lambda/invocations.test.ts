import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InvocationOutcome } from '../ports.ts';
import { type Runtime, startRuntime } from '../runtime.ts';
import { arnOf, eventually, functionOf, temporaryDirectory, writeApp } from '../testing/test-app.ts';

import { openAsyncInvocations } from './async-invocations.ts';

const directory = temporaryDirectory();
let runtime: Runtime;
let lambda: LambdaClient;
beforeAll(async () => {
  const cdkOut = writeApp(directory.path, {
    functions: {
      fn: 'export const handler = async (event) => { if (event.fail) throw new Error("asked to"); return { got: event }; };',
    },
    stacks: {
      App: {
        Resources: {
          Fn: functionOf('fn', { FunctionName: 'fn' }),
          Failed: { Type: 'AWS::SQS::Queue' },
          Config: {
            Type: 'AWS::Lambda::EventInvokeConfig',
            Properties: {
              FunctionName: { Ref: 'Fn' },
              Qualifier: '$LATEST',
              MaximumRetryAttempts: 1,
              DestinationConfig: { OnFailure: { Destination: arnOf('Failed') } },
            },
          },
        },
        Outputs: { Failed: { Value: { Ref: 'Failed' } } },
      },
    },
  });
  runtime = await startRuntime({ cdkOut, stateDir: join(directory.path, 'state'), port: 0 });
  lambda = new LambdaClient({
    ...runtime.clientConfig,
    endpoint: String(runtime.endpoints.AWS_ENDPOINT_URL_LAMBDA),
  });
});
afterAll(async () => {
  await runtime?.close();
  directory[Symbol.dispose]();
});

const invoke = (
  FunctionName: string,
  event: unknown,
  InvocationType: 'RequestResponse' | 'Event' | 'DryRun' = 'RequestResponse',
) => lambda.send(new InvokeCommand({ FunctionName, InvocationType, Payload: JSON.stringify(event) }));

describe('Invoke', () => {
  it.each(['fn', 'arn:aws:lambda:us-east-1:000000000000:function:fn', 'fn:$LATEST'])(
    'answers with the payload of %s',
    async (name) => {
      const { StatusCode, FunctionError, Payload } = await invoke(name, { a: 1 });
      expect([StatusCode, FunctionError, JSON.parse(Payload?.transformToString() ?? '')]).toEqual([
        200,
        undefined,
        { got: { a: 1 } },
      ]);
    },
  );

  it('marks a function error', async () => {
    const { StatusCode, FunctionError, Payload } = await invoke('fn', { fail: true });
    expect([StatusCode, FunctionError]).toEqual([200, 'Unhandled']);
    expect(JSON.parse(Payload?.transformToString() ?? '')).toMatchObject({
      errorType: 'Error',
      errorMessage: 'asked to',
    });
  });

  it('knows no other function', async () => {
    await expect(invoke('none', {})).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('only checks on a dry run', async () => {
    expect((await invoke('fn', {}, 'DryRun')).StatusCode).toBe(204);
  });
});

describe('asynchronous invocations', () => {
  it('are tried again as configured and then reported to the destination', async () => {
    const before = runtime.functionStats()[0]?.errors ?? 0;
    expect((await invoke('fn', { fail: true, n: 7 }, 'Event')).StatusCode).toBe(202);
    const sqs = new SQSClient({
      ...runtime.clientConfig,
      endpoint: String(runtime.endpoints.AWS_ENDPOINT_URL_SQS),
    });
    const QueueUrl = runtime.outputs.App?.Failed;
    const body = await eventually(
      async () =>
        (await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }))).Messages?.[0]?.Body,
      15_000,
    );
    expect(JSON.parse(body)).toMatchObject({
      requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 2 },
      requestPayload: { fail: true, n: 7 },
      responsePayload: { errorType: 'Error', errorMessage: 'asked to' },
    });
    expect((runtime.functionStats()[0]?.errors ?? 0) - before).toBe(2);
  });
});

describe('accepted events', () => {
  const open = (path: string, invoke: () => Promise<InvocationOutcome>) =>
    openAsyncInvocations({
      directory: path,
      retryDelaysMs: [60_000],
      settingsOf: () => ({ maxRetries: 2, onSuccessQueueArn: 'arn:done' }),
      arnOf: (name) => `arn:${name}`,
      invoke,
      sendToQueue: async (_queue, body) => void delivered.push(body),
      log: () => {},
    });
  const delivered: string[] = [];

  it('that wait for their retry when the runtime stops run at the next start, and only then', async () => {
    using place = temporaryDirectory();
    let attempts = 0;
    const first = open(place.path, async () => {
      attempts += 1;
      return { ok: false, errorType: 'Error', errorMessage: 'not yet' };
    });
    first.accept('fn', { n: 1 }, 'id-1');
    await eventually(() => attempts === 1);
    first.stop();
    await first.close();
    const second = open(place.path, async () => ({ ok: true, payload: 'through' }));
    second.resume();
    second.stop();
    await second.close();
    expect(delivered.map((body) => JSON.parse(body))).toMatchObject([
      { requestContext: { approximateInvokeCount: 2 }, requestPayload: { n: 1 }, responsePayload: 'through' },
    ]);
    const third = open(place.path, async () => ({ ok: true, payload: 'again' }));
    third.resume();
    await third.close();
    expect(delivered).toHaveLength(1);
  });
});
