import * as z from 'zod';
import { type Operation, ServiceError } from '../shared/json-service.ts';
import type { Engine } from './engine.ts';
import { type ExecutionRow, statuses } from './execution-store.ts';
import { type Json, parseJson } from './json.ts';

const executionArn = z.object({ executionArn: z.string() });
const token = z.string().min(1).max(2048);
const page = { maxResults: z.int().min(0).max(1000).default(100), nextToken: z.string().optional() };
const offsetOf = (nextToken: string | undefined) => {
  const offset = nextToken === undefined ? 0 : Number(nextToken);
  if (!Number.isInteger(offset) || offset < 0)
    throw new ServiceError('InvalidToken', 'The page token is not valid');
  return offset;
};
const sized = (maxResults: number) => (maxResults === 0 ? 100 : maxResults);

const summary = (row: ExecutionRow) => ({
  executionArn: row.arn,
  stateMachineArn: row.machine_arn,
  name: row.name,
  status: row.status,
  startDate: row.started_ms / 1000,
  ...(row.stopped_ms !== null && { stopDate: row.stopped_ms / 1000 }),
});

/** The Step Functions API as far as the SDK is used. Bad input is answered with AWS's error codes. */
export const stepFunctionsOperations = (engine: Engine): Readonly<Record<string, Operation>> => {
  const { store, machines } = engine;
  const machine = (arn: string) => {
    const found = machines.get(arn);
    if (!found) throw new ServiceError('StateMachineDoesNotExist', `There is no state machine ${arn}`);
    return found;
  };
  const execution = (arn: string) => {
    const row = store.byArn(arn);
    if (!row) throw new ServiceError('ExecutionDoesNotExist', `There is no execution ${arn}`);
    return row;
  };
  return {
    StartExecution: (input) => {
      const { stateMachineArn, ...rest } = z
        .object({
          stateMachineArn: z.string(),
          input: z.string().default('{}'),
          name: z
            .string()
            .regex(/^[\w.-]{1,80}$/)
            .optional(),
        })
        .parse(input);
      const { arn, startedMs } = engine.start(stateMachineArn, rest.input, rest.name);
      return { executionArn: arn, startDate: startedMs / 1000 };
    },
    DescribeExecution: (input) => {
      const row = execution(executionArn.parse(input).executionArn);
      return {
        ...summary(row),
        input: row.input,
        inputDetails: { included: true },
        ...(row.output !== null && { output: row.output, outputDetails: { included: true } }),
        ...(row.error !== null && { error: row.error }),
        ...(row.cause !== null && { cause: row.cause }),
      };
    },
    GetExecutionHistory: (input) => {
      const asked = z
        .object({ executionArn: z.string(), reverseOrder: z.boolean().default(false), ...page })
        .parse(input);
      execution(asked.executionArn);
      const all = store.events(asked.executionArn).map(({ body }) => body);
      if (asked.reverseOrder) all.reverse();
      const from = offsetOf(asked.nextToken);
      const to = from + sized(asked.maxResults);
      return { events: all.slice(from, to), ...(to < all.length && { nextToken: String(to) }) };
    },
    ListExecutions: (input) => {
      const asked = z
        .object({ stateMachineArn: z.string(), statusFilter: z.enum(statuses).optional(), ...page })
        .parse(input);
      machine(asked.stateMachineArn);
      const from = offsetOf(asked.nextToken);
      const size = sized(asked.maxResults);
      const rows = store.list(asked.stateMachineArn, asked.statusFilter ?? null, size + 1, from);
      return {
        executions: rows.slice(0, size).map(summary),
        ...(rows.length > size && { nextToken: String(from + size) }),
      };
    },
    StopExecution: (input) => {
      const {
        executionArn: arn,
        error,
        cause,
      } = executionArn.extend({ error: z.string().optional(), cause: z.string().optional() }).parse(input);
      const stoppedMs = engine.stop(arn, {
        ...(error !== undefined && { error }),
        ...(cause !== undefined && { cause }),
      });
      return { stopDate: stoppedMs / 1000 };
    },
    SendTaskSuccess: (input) => {
      const { taskToken, output } = z.object({ taskToken: token, output: z.string() }).parse(input);
      let value: Json;
      try {
        value = parseJson(output);
      } catch {
        throw new ServiceError('InvalidOutput', 'The output is not JSON');
      }
      engine.succeedTask(taskToken, value);
      return {};
    },
    SendTaskFailure: (input) => {
      const { taskToken, error, cause } = z
        .object({ taskToken: token, error: z.string().default(''), cause: z.string().default('') })
        .parse(input);
      engine.failTask(taskToken, { error, cause });
      return {};
    },
    SendTaskHeartbeat: (input) => {
      engine.beatTask(z.object({ taskToken: token }).parse(input).taskToken);
      return {};
    },
    DescribeStateMachine: (input) => {
      const { arn, name, definition, createdMs } = machine(
        z.object({ stateMachineArn: z.string() }).parse(input).stateMachineArn,
      );
      return {
        stateMachineArn: arn,
        name,
        definition,
        status: 'ACTIVE',
        type: 'STANDARD',
        roleArn: 'arn:aws:iam::000000000000:role/local',
        creationDate: createdMs / 1000,
      };
    },
    ListStateMachines: () => ({
      stateMachines: [...machines.values()].map(({ arn, name, createdMs }) => ({
        stateMachineArn: arn,
        name,
        type: 'STANDARD',
        creationDate: createdMs / 1000,
      })),
    }),
  };
};
