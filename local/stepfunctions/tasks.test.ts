import {
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, machineOf, startForTest } from './test-machines.ts';

let steps: Awaited<ReturnType<typeof startForTest>>;
const calls: { name: string; event: unknown }[] = [];
const sent: { queue: string; body: string }[] = [];
beforeAll(async () => {
  steps = await startForTest({
    invoke: async (name, event) => {
      calls.push({ name, event });
      return { ok: true, payload: 'accepted' };
    },
    sendToQueue: async (queue, body) => void sent.push({ queue, body }),
  });
  await steps.service.begin?.();
});
afterAll(() => steps.close());

const approval = (rest: object = {}) =>
  machineOf({
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Arguments: {
        FunctionName: 'ask',
        Payload: { token: '{% $states.context.Task.Token %}', key: '{% $states.input.key %}' },
      },
      TimeoutSeconds: 60,
      End: true,
      ...rest,
    },
  });

const tokenFor = (key: string, nth = 0) =>
  eventually(() => {
    const events = calls
      .map(({ event }) => event)
      .filter((event) => event instanceof Object && 'key' in event && event.key === key);
    const event = events[nth];
    return event instanceof Object && 'token' in event ? String(event.token) : undefined;
  });

test('a task token settles its own task alone, once', async () => {
  const arn = await steps.define(approval(), 'approval');
  const [one, other] = await Promise.all([
    steps.start(arn, { key: 'one' }),
    steps.start(arn, { key: 'other' }),
  ]);
  const tokens = await Promise.all([tokenFor('one'), tokenFor('other')]);
  expect(new Set(tokens).size).toBe(2);
  const [taskToken] = tokens;
  await steps.client.send(new SendTaskHeartbeatCommand({ taskToken }));
  await steps.client.send(new SendTaskSuccessCommand({ taskToken, output: '{"approved":true}' }));
  expect(await steps.settled(one)).toMatchObject({ status: 'SUCCEEDED', output: '{"approved":true}' });
  await expect(
    steps.client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' })),
  ).rejects.toMatchObject({ name: 'TaskTimedOut' });
  await expect(steps.client.send(new SendTaskHeartbeatCommand({ taskToken }))).rejects.toMatchObject({
    name: 'TaskTimedOut',
  });
  await expect(
    steps.client.send(new SendTaskSuccessCommand({ taskToken: 'guess', output: '{}' })),
  ).rejects.toMatchObject({ name: 'InvalidToken' });
  await expect(
    steps.client.send(new SendTaskSuccessCommand({ taskToken: tokens[1], output: '{' })),
  ).rejects.toMatchObject({ name: 'InvalidOutput' });
  await steps.client.send(
    new SendTaskFailureCommand({ taskToken: tokens[1], error: 'Rejected', cause: 'by hand' }),
  );
  expect(await steps.settled(other)).toMatchObject({ status: 'FAILED', error: 'Rejected', cause: 'by hand' });
});

test('a token that nobody settles times out, is closed, and its retry gets another', async () => {
  const retried = approval({
    TimeoutSeconds: '{% 0.03 %}',
    Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 1, MaxAttempts: 1 }],
  });
  const execution = await steps.start(await steps.define(retried, 'expiring'), { key: 'late' });
  const [first, second] = [await tokenFor('late'), await tokenFor('late', 1)];
  expect(second).not.toBe(first);
  expect(await steps.settled(execution)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  await expect(
    steps.client.send(new SendTaskSuccessCommand({ taskToken: first, output: '{}' })),
  ).rejects.toMatchObject({ name: 'TaskTimedOut' });
});

test('without a heartbeat the task ends before its timeout', async () => {
  const beating = approval({ HeartbeatSeconds: '{% 0.05 %}' });
  const execution = await steps.start(await steps.define(beating, 'beating'), { key: 'beat' });
  expect(await steps.settled(execution)).toMatchObject({
    status: 'FAILED',
    error: 'States.HeartbeatTimeout',
  });
});

test('sqs:sendMessage.waitForTaskToken sends the token in the body', async () => {
  const queueUrl = 'http://127.0.0.1:1/000000000000/approvals';
  const machine = machineOf({
    Send: {
      Type: 'Task',
      Resource: 'arn:aws-cn:states:::sqs:sendMessage.waitForTaskToken',
      Arguments: { QueueUrl: queueUrl, MessageBody: { token: '{% $states.context.Task.Token %}' } },
      End: true,
    },
  });
  const execution = await steps.start(await steps.define(machine, 'queueing'));
  const message = await eventually(() => sent.find(({ queue }) => queue === queueUrl));
  const taskToken = String(JSON.parse(message.body).token);
  await steps.client.send(new SendTaskSuccessCommand({ taskToken, output: '1' }));
  expect(await steps.settled(execution)).toMatchObject({ status: 'SUCCEEDED', output: '1' });
});

test('states:startExecution starts another', async () => {
  const inner = await steps.define(machineOf({ A: { Type: 'Succeed' } }), 'inner');
  const outer = machineOf({
    Start: {
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution',
      Arguments: { StateMachineArn: inner, Input: { x: 1 }, Name: 'from-outer' },
      Output: '{% $states.result.ExecutionArn %}',
      End: true,
    },
  });
  const { output } = await steps.settled(await steps.start(await steps.define(outer, 'outer')));
  expect(await steps.settled(JSON.parse(output ?? ''))).toMatchObject({
    name: 'from-outer',
    input: '{"x":1}',
    status: 'SUCCEEDED',
  });
});

test('the same name and input is the same execution; another input is refused', async () => {
  const arn = await steps.define(approval(), 'named');
  const first = await steps.start(arn, { key: 'named' }, 'alert-1');
  expect(await steps.start(arn, { key: 'named' }, 'alert-1')).toBe(first);
  await expect(steps.start(arn, { key: 'changed' }, 'alert-1')).rejects.toMatchObject({
    name: 'ExecutionAlreadyExists',
  });
  await steps.service.startExecution(arn, '{"key":"changed"}', 'alert-1');
  const { executions } = await steps.client.send(
    new ListExecutionsCommand({ stateMachineArn: arn, statusFilter: 'RUNNING' }),
  );
  expect(executions?.map(({ name }) => name)).toEqual(['alert-1']);
  const taskToken = await tokenFor('named');
  await steps.client.send(
    new StopExecutionCommand({ executionArn: first, error: 'Enough', cause: 'by hand' }),
  );
  expect(await steps.settled(first)).toMatchObject({ status: 'ABORTED', error: 'Enough', cause: 'by hand' });
  await expect(
    steps.client.send(new SendTaskSuccessCommand({ taskToken, output: '1' })),
  ).rejects.toMatchObject({ name: 'TaskTimedOut' });
});

test('bad requests get AWS’s error codes', async () => {
  await expect(steps.start('arn:aws:states:us-east-1:000000000000:stateMachine:none')).rejects.toMatchObject({
    name: 'StateMachineDoesNotExist',
  });
  await expect(
    steps.settled('arn:aws:states:us-east-1:000000000000:execution:none:none'),
  ).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
});

test('the history tells the states, and never a token', async () => {
  const execution = await steps.start(await steps.define(approval(), 'told'), { key: 'told' });
  const taskToken = await tokenFor('told');
  await steps.client.send(new SendTaskSuccessCommand({ taskToken, output: '2' }));
  await steps.settled(execution);
  const { events = [] } = await steps.client.send(
    new GetExecutionHistoryCommand({ executionArn: execution }),
  );
  expect(events.map(({ type }) => type)).toEqual([
    'ExecutionStarted',
    'TaskStateEntered',
    'TaskScheduled',
    'TaskStarted',
    'TaskSubmitted',
    'TaskSucceeded',
    'TaskStateExited',
    'ExecutionSucceeded',
  ]);
  expect(events.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(events.at(-1)?.executionSucceededEventDetails?.output).toBe('2');
  expect(JSON.stringify(events)).not.toContain(taskToken);
});

test('state machines are listed and described', async () => {
  const arn = await steps.define(approval(), 'described');
  const { definition, type } = await steps.client.send(
    new DescribeStateMachineCommand({ stateMachineArn: arn }),
  );
  expect(JSON.parse(definition ?? '')).toEqual(approval());
  expect(type).toBe('STANDARD');
  const { stateMachines } = await steps.client.send(new ListStateMachinesCommand({}));
  expect(stateMachines?.map(({ name }) => name)).toContain('described');
});

test('1,000 executions wait at once, and all end', async () => {
  const arn = await steps.define(approval(), 'many');
  const before = calls.length;
  const started = await Promise.all(
    Array.from({ length: 1000 }, (_, index) => steps.start(arn, { key: `many-${index}` })),
  );
  await eventually(() => (calls.length >= before + 1000 ? true : undefined));
  await Promise.all(
    started.map(async (_, index) => {
      const taskToken = await tokenFor(`many-${index}`);
      await steps.client.send(new SendTaskSuccessCommand({ taskToken, output: String(index) }));
    }),
  );
  const ended = await Promise.all(started.map((execution) => steps.settled(execution)));
  expect(ended.map(({ output }) => Number(output))).toEqual(started.map((_, index) => index));
});
