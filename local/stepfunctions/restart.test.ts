import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  DescribeExecutionCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, expect, test } from 'vitest';
import { eventually, machineOf } from './test-machines.ts';

const stateDir = mkdtempSync(join(tmpdir(), 'stepfunctions-restart-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

const task = (FunctionName: string, more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName, Payload: '{% $states.input %}' },
  ...more,
});
const ask = (key: string, more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
  Arguments: { FunctionName: 'ask', Payload: { key, token: '{% $states.context.Task.Token %}' } },
  ...more,
});
const machines = {
  hanging: machineOf({ A: task('hangs', { Output: '{% $states.result.Payload %}', End: true }) }),
  token: machineOf({
    Before: { Type: 'Pass', Assign: { kept: 42 }, Next: 'Ask' },
    Ask: ask('token', {
      TimeoutSeconds: 600,
      Output: { answer: '{% $states.result %}', kept: '{% $kept %}' },
      End: true,
    }),
  }),
  expiring: machineOf({
    Ask: ask('expiring', {
      TimeoutSeconds: '{% 1.5 %}',
      End: true,
      Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Late' }],
    }),
    Late: { Type: 'Pass', Output: '{% "late" %}', End: true },
  }),
  waiting: machineOf({ A: { Type: 'Wait', Seconds: '{% 1.5 %}', Output: '{% "awake" %}', End: true } }),
  parallel: machineOf({
    P: {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'Quick', States: { Quick: task('quick', { Output: '{% "quick" %}', End: true }) } },
        { StartAt: 'Slow', States: { Slow: ask('parallel', { End: true }) } },
      ],
      End: true,
    },
  }),
};
const machinesFile = join(stateDir, 'machines.json');
writeFileSync(machinesFile, JSON.stringify(machines));

const launch = async (second: boolean) => {
  const script = fileURLToPath(new URL('./restart-child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, stateDir, machinesFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(second && { SECOND: '1' }) },
  });
  children.push(child);
  const [line] = await once(child.stdout, 'data');
  const client = new SFNClient({
    region: 'us-east-1',
    endpoint: String(line).trim(),
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  return { child, client };
};

const callsOf = (key: string): readonly { name: string; event: { token?: string } }[] => {
  const file = join(stateDir, 'calls.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  return lines.map((line) => JSON.parse(line)).filter(({ name, event }) => name === key || event.key === key);
};

test('executions go on after a kill where they stood', { timeout: 60_000 }, async () => {
  const first = await launch(false);
  const startedMs = Date.now();
  const arns = new Map<string, string>();
  for (const name of Object.keys(machines)) {
    const stateMachineArn = `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`;
    const started = await first.client.send(
      new StartExecutionCommand({ stateMachineArn, input: '{"n":1}', name: 'run' }),
    );
    arns.set(name, started.executionArn ?? '');
  }
  const called = (key: string) => eventually(() => callsOf(key)[0]);
  await Promise.all(['hangs', 'token', 'expiring', 'quick', 'parallel'].map(called));
  const exited = once(first.child, 'exit');
  first.child.kill('SIGKILL');
  await exited;
  const { client } = await launch(true);

  const settled = (name: string) =>
    eventually(async () => {
      const execution = await client.send(new DescribeExecutionCommand({ executionArn: arns.get(name) }));
      return execution.status === 'RUNNING'
        ? undefined
        : { ...execution, output: JSON.parse(execution.output ?? 'null') };
    });
  expect(await settled('hanging')).toMatchObject({
    status: 'SUCCEEDED',
    output: { by: 'second', event: { n: 1 } },
  });
  expect(callsOf('hangs')).toHaveLength(2);

  const waiting = await settled('waiting');
  expect(waiting).toMatchObject({ status: 'SUCCEEDED', output: 'awake' });
  expect((waiting.stopDate?.getTime() ?? 0) - (waiting.startDate?.getTime() ?? 0)).toBeGreaterThanOrEqual(
    1500,
  );
  expect(await settled('expiring')).toMatchObject({ status: 'SUCCEEDED', output: 'late' });
  expect(Date.now() - startedMs).toBeGreaterThanOrEqual(1500);

  for (const key of ['token', 'parallel'])
    await client.send(
      new SendTaskSuccessCommand({ taskToken: callsOf(key).at(-1)?.event.token, output: '"yes"' }),
    );
  expect(await settled('token')).toMatchObject({ status: 'SUCCEEDED', output: { answer: 'yes', kept: 42 } });
  expect(await settled('parallel')).toMatchObject({ status: 'SUCCEEDED', output: ['quick', 'yes'] });
  expect(new Set(callsOf('token').map(({ event }) => event.token)).size).toBe(1);
  expect(callsOf('quick').length).toBeLessThanOrEqual(2);
  expect(statSync(join(stateDir, 'executions.sqlite')).mode & 0o777).toBe(0o600);
});
