import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ScheduleClock } from './schedules.ts';
import { startEventBridge } from './start-eventbridge.ts';

const queueArn = 'arn:aws:sqs:us-east-1:000000000000:orders';
const deadArn = 'arn:aws:sqs:us-east-1:000000000000:dead';
const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:handler';
const machineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:loop';

type Taken = { readonly to: string; readonly payload: unknown; readonly name?: string | undefined };
let directory: string;
let service: Awaited<ReturnType<typeof startEventBridge>>;
let taken: Taken[];
let failing: Set<string>;
let lines: string[];

const start = async (clock?: ScheduleClock) => {
  const take = async (to: string, payload: unknown, name?: string) => {
    if (failing.has(to)) throw new Error('not reachable');
    taken.push({ to, payload, name });
  };
  service = await startEventBridge(
    {
      region: 'us-east-1',
      accountId: '000000000000',
      stateDir: () => directory,
      log: (_service, line) => lines.push(line),
      invokeAsync: take,
      sendToQueue: (arn, text) => take(arn, JSON.parse(text)),
      startExecution: (arn, text, name) => take(arn, JSON.parse(text), name),
    },
    { retryMs: () => 5, ...(clock && { clock }) },
  );
};
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'eventbridge-'));
  taken = [];
  failing = new Set();
  lines = [];
  await start();
});
afterEach(async () => {
  await service.close();
  rmSync(directory, { recursive: true });
});

const create = (kind: string, logicalId: string, properties: Record<string, unknown>) => {
  const handler = service.resources[kind];
  if (!handler) throw new Error(`no handler for ${kind}`);
  return handler({ stack: 'Test', logicalId, type: kind, properties });
};
const rule = (logicalId: string, targets: readonly object[], more: Record<string, unknown> = {}) =>
  create('AWS::Events::Rule', logicalId, {
    EventBusName: 'hashinsight',
    EventPattern: { source: ['test'] },
    Targets: targets,
    ...more,
  });
const bus = () => create('AWS::Events::EventBus', 'Bus', { Name: 'hashinsight' });
const put = (detail: unknown, more = {}) => {
  const client = new EventBridgeClient({
    endpoint: service.endpoint ?? '',
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const entry = {
    EventBusName: 'hashinsight',
    Source: 'test',
    DetailType: 'thing.done',
    Detail: JSON.stringify(detail),
    ...more,
  };
  return client.send(new PutEventsCommand({ Entries: [entry] }));
};

test('an event reaches queue, function and state machine, each with its own payload', async () => {
  await bus();
  const created = await rule('Rule', [
    { Id: 'queue', Arn: queueArn },
    { Id: 'function', Arn: functionArn, InputPath: '$.detail.miners[1]' },
    {
      Id: 'machine',
      Arn: machineArn,
      RoleArn: 'arn:aws:iam::000000000000:role/r',
      InputTransformer: {
        InputPathsMap: { who: '$.detail.who', all: '$.detail', gone: '$.detail.gone' },
        InputTemplate:
          '{"text": "by <who> <gone>!", "who": <who>, "all": <all>, "rule": "<aws.events.rule-name>"}',
      },
    },
    { Id: 'constant', Arn: functionArn, Input: '{"fixed":true}' },
    { Id: 'logs', Arn: 'arn:aws:logs:us-east-1:000000000000:log-group:x' },
  ]);
  expect(created).toEqual({
    ref: 'hashinsight|Test-Rule',
    attributes: { Arn: 'arn:aws:events:us-east-1:000000000000:rule/hashinsight/Test-Rule' },
  });
  await service.begin?.();
  const detail = { who: 'a "b"', miners: [{ id: 'm1' }, { id: 'm2' }] };
  const answer = await put(detail, { Time: new Date('2026-01-02T03:04:05Z'), Resources: ['miner/m1'] });
  await vi.waitFor(() => expect(taken).toHaveLength(4));
  const to = (arn: string) => taken.filter((one) => one.to === arn);
  expect(to(queueArn)[0]?.payload).toEqual({
    version: '0',
    id: answer.Entries?.[0]?.EventId,
    'detail-type': 'thing.done',
    source: 'test',
    account: '000000000000',
    time: '2026-01-02T03:04:05Z',
    region: 'us-east-1',
    resources: ['miner/m1'],
    detail,
  });
  expect(to(functionArn).map(({ payload }) => payload)).toEqual([{ id: 'm2' }, { fixed: true }]);
  expect(to(machineArn)[0]?.payload).toEqual({
    text: 'by a "b" !',
    who: 'a "b"',
    all: detail,
    rule: 'Test-Rule',
  });
  expect(to(machineArn)[0]?.name).toMatch(/^[\w-]{1,80}$/);
});

test('what does not match, or matches a disabled rule or another bus, goes nowhere', async () => {
  await bus();
  await rule('Other', [{ Id: 'a', Arn: deadArn }], {
    EventPattern: { detail: { n: [{ numeric: ['>', 5] }] } },
  });
  await rule('Off', [{ Id: 'a', Arn: deadArn }], { State: 'DISABLED' });
  await rule('Default', [{ Id: 'a', Arn: deadArn }], { EventBusName: 'default' });
  await rule('Yes', [{ Id: 'a', Arn: queueArn }]);
  await service.begin?.();
  await put({ n: 3 });
  await vi.waitFor(() => expect(taken.map(({ to }) => to)).toEqual([queueArn]));
});

test('an event goes on to another bus and its rules', async () => {
  await bus();
  await create('AWS::Events::EventBus', 'Second', { Name: 'second' });
  await rule('On', [{ Id: 'a', Arn: 'arn:aws:events:us-east-1:000000000000:event-bus/second' }]);
  await rule('End', [{ Id: 'a', Arn: queueArn }], { EventBusName: 'second' });
  await service.begin?.();
  await put({ n: 1 });
  await vi.waitFor(() => expect(taken).toHaveLength(1));
});

test('a target that fails is tried again; when the attempts are spent, the dead-letter queue gets the event', async () => {
  await bus();
  failing.add(queueArn).add(functionArn);
  await rule('Rule', [
    { Id: 'later', Arn: queueArn },
    {
      Id: 'never',
      Arn: functionArn,
      RetryPolicy: { MaximumRetryAttempts: 2 },
      DeadLetterConfig: { Arn: deadArn },
    },
  ]);
  await service.begin?.();
  await put({ n: 1 });
  await vi.waitFor(() => expect(taken.map(({ to }) => to)).toEqual([deadArn]));
  failing.clear();
  await vi.waitFor(() => expect(taken.map(({ to }) => to)).toEqual([deadArn, queueArn]));
  expect(lines.join()).toContain('gave up a delivery');
});

test('faults of an entry are answered for that entry', async () => {
  await bus();
  const refused = async (more: object) => (await put({}, more)).Entries?.[0]?.ErrorCode;
  expect(await refused({ Source: '' })).toBe('InvalidArgument');
  expect(await refused({ Detail: '[1' })).toBe('MalformedDetail');
  expect(await refused({ Detail: '[1]' })).toBe('MalformedDetail');
  expect(await refused({ Source: 'aws.ec2' })).toBe('NotAuthorizedForSourceException');
  expect(await refused({ EventBusName: 'nowhere' })).toBe('ResourceNotFoundException');
  await expect(put({ text: 'x'.repeat(256 * 1024) })).rejects.toThrow('over the limit');
});

test.each([
  ['a target of an unknown kind', { Targets: [{ Id: 'a', Arn: 'arn:aws:kinesis:us-east-1:0:stream/x' }] }],
  ['a malformed pattern', { EventPattern: { source: 'test' } }],
  [
    'an unknown property of a target',
    { Targets: [{ Id: 'a', Arn: queueArn, SqsParameters: { MessageGroupId: 'x' } }] },
  ],
  ['an unknown bus', { EventBusName: 'nowhere' }],
  ['a malformed schedule', { EventPattern: undefined, ScheduleExpression: 'rate(0 days)' }],
])('%s stops the start with the logical id', async (_title, properties) => {
  await bus();
  expect(() => rule('Broken', [], properties)).toThrow(/^Broken \(AWS::Events::Rule\): /);
});

test('rules and schedules fire by the clock; a one-time schedule once, and late when nothing ran at its time', async () => {
  await service.close();
  let nowMs = Date.parse('2026-01-01T00:00:10Z');
  let due: { readonly atMs: number; readonly run: () => void } | undefined;
  const clock: ScheduleClock = {
    nowMs: () => nowMs,
    wake: (afterMs, run) => {
      due = { atMs: nowMs + afterMs, run };
      return () => {
        due = undefined;
      };
    },
  };
  const passUntil = (time: string) => {
    const endMs = Date.parse(time);
    while (due && due.atMs <= endMs) {
      nowMs = due.atMs;
      due.run();
    }
    nowMs = endMs;
  };
  const deploy = async () => {
    await start(clock);
    await create('AWS::Events::Rule', 'Every', {
      ScheduleExpression: 'rate(5 minutes)',
      Targets: [{ Id: 'a', Arn: queueArn }],
    });
    const target = { Arn: functionArn, RoleArn: 'arn:aws:iam::000000000000:role/r', Input: '{"once":true}' };
    await create('AWS::Scheduler::Schedule', 'Once', {
      FlexibleTimeWindow: { Mode: 'OFF' },
      ScheduleExpression: 'at(2026-01-01T09:00:00)',
      ScheduleExpressionTimezone: 'Asia/Shanghai',
      Target: target,
    });
    await service.begin?.();
  };
  await deploy();
  passUntil('2026-01-01T00:11:00Z');
  await vi.waitFor(() => expect(taken).toHaveLength(2));
  expect(taken[0]?.payload).toMatchObject({
    source: 'aws.events',
    'detail-type': 'Scheduled Event',
    time: '2026-01-01T00:05:10Z',
  });
  await service.close();
  nowMs = Date.parse('2026-01-01T02:00:00Z');
  await deploy();
  passUntil('2026-01-01T02:00:05Z');
  await vi.waitFor(() =>
    expect(taken.slice(2)).toEqual([{ to: functionArn, payload: { once: true }, name: undefined }]),
  );
  await service.close();
  await deploy();
  passUntil('2026-01-01T02:06:00Z');
  await vi.waitFor(() => expect(taken.slice(3).map(({ to }) => to)).toEqual([queueArn, queueArn]));
});

const killedRightAfterAccepting = `
  import { startEventBridge } from '${new URL('start-eventbridge.ts', import.meta.url).href}';
  const never = () => new Promise(() => {});
  const service = await startEventBridge({
    region: 'us-east-1', accountId: '000000000000', stateDir: () => process.argv[1], log: () => {},
    invokeAsync: never, sendToQueue: never, startExecution: never,
  });
  service.resources['AWS::Events::Rule']({ stack: 'Test', logicalId: 'Rule', type: 'AWS::Events::Rule', properties: {
    EventPattern: { source: ['test'] }, Targets: [{ Id: 'a', Arn: '${queueArn}' }] } });
  service.begin();
  const entry = { Source: 'test', DetailType: 'a', Detail: '{"kept":true}' };
  const response = await fetch(service.endpoint, { method: 'POST', headers: { 'x-amz-target': 'AWSEvents.PutEvents' }, body: JSON.stringify({ Entries: [entry] }) });
  if (response.status === 200) process.kill(process.pid, 'SIGKILL');
`;

test('an event that was acknowledged before a kill -9 is delivered by the next process', async () => {
  await service.close();
  const child = spawn(process.execPath, ['--input-type=module', '-e', killedRightAfterAccepting, directory], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGKILL');
  await start();
  await service.begin?.();
  await vi.waitFor(() => expect(taken).toHaveLength(1));
  expect(taken[0]?.payload).toMatchObject({ detail: { kept: true } });
});
