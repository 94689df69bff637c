import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { InvokeFunction, Surroundings } from '../ports.ts';
import { startStepFunctions } from './start-stepfunctions.ts';
import type { Timekeeper } from './timekeeper.ts';

type Given = {
  readonly stateDir?: string;
  readonly invoke?: InvokeFunction;
  readonly sendToQueue?: Surroundings['sendToQueue'];
  readonly endpoints?: Readonly<Record<string, string>>;
  readonly time?: Timekeeper;
  readonly assetPath?: (key: string) => string;
};

/** Step Functions on its own, with an SDK client, for tests. */
export const startForTest = async (given: Given = {}) => {
  const stateDir = given.stateDir ?? mkdtempSync(join(tmpdir(), 'stepfunctions-'));
  const service = await startStepFunctions(
    {
      region: 'us-east-1',
      accountId: '000000000000',
      stateDir: () => stateDir,
      invoke: given.invoke ?? (async () => ({ ok: true, payload: null })),
      sendToQueue: given.sendToQueue ?? (async () => {}),
      assetPath: given.assetPath ?? (() => ''),
      log: (_, line) => console.error(line),
    },
    { endpoints: () => given.endpoints ?? {}, ...(given.time && { time: given.time }) },
  );
  const client = new SFNClient({
    region: 'us-east-1',
    endpoint: service.endpoint,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const define = async (definition: object, name = 'machine') => {
    const create = service.resources['AWS::StepFunctions::StateMachine'];
    const resource = {
      stack: 'Test',
      logicalId: 'Machine',
      type: 'AWS::StepFunctions::StateMachine',
      properties: {
        StateMachineName: name,
        DefinitionString: JSON.stringify(definition),
        RoleArn: 'arn:aws:iam::000000000000:role/x',
      },
    };
    return (await create?.(resource))?.ref ?? '';
  };
  const start = async (arn: string, input: unknown = {}, name?: string) => {
    const command = new StartExecutionCommand({ stateMachineArn: arn, input: JSON.stringify(input), name });
    return (await client.send(command)).executionArn ?? '';
  };
  const settled = async (executionArn: string): Promise<DescribeExecutionCommandOutput> => {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const execution = await client.send(new DescribeExecutionCommand({ executionArn }));
      if (execution.status !== 'RUNNING') return execution;
      if (Date.now() > deadline) throw new Error(`The execution ${executionArn} did not end in time`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return {
    service,
    client,
    stateDir,
    define,
    start,
    settled,
    run: async (definition: object, input: unknown = {}) =>
      settled(await start(await define(definition), input)),
    close: async () => {
      client.destroy();
      await service.close();
    },
  };
};

/** Calls until it answers something, or gives up after 15 s. */
export const eventually = async <T>(find: () => T | undefined | Promise<T | undefined>): Promise<T> => {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error('It did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** A machine of these states, in JSONata, starting at the first. */
export const machineOf = (states: Record<string, object>, rest: object = {}) => ({
  QueryLanguage: 'JSONata',
  StartAt: Object.keys(states)[0] ?? '',
  States: states,
  ...rest,
});
