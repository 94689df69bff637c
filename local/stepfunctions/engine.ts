import { createHash, randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Meter } from '../metering/meter.ts';
import { ServiceError } from '../shared/json-service.ts';
import type { Machine } from './definition.ts';
import type { ExecutionRow, ExecutionStore, TokenOutcome } from './execution-store.ts';
import { type Json, type JsonObject, parseJson } from './json.ts';
import { parseDefinition } from './parse-definition.ts';
import { runScope } from './run-scope.ts';
import { type Run, type Shared, Stopped, type Waiter } from './scope.ts';
import { type Failure, StateError } from './state-error.ts';
import type { Timekeeper } from './timekeeper.ts';

export type StateMachine = {
  readonly arn: string;
  readonly name: string;
  readonly definition: string;
  readonly createdMs: number;
};
export type EngineParts = {
  readonly store: ExecutionStore;
  readonly time: Timekeeper;
  readonly random: () => number;
  readonly callResource: Shared['callResource'];
  readonly log: (line: string) => void;
  readonly meter?: Meter | undefined;
};

const maxEvents = 25_000;
const tokenGone = () =>
  new ServiceError('TaskTimedOut', 'The task no longer waits: it timed out, ended, or was answered before');

/** Runs executions, each to its end, and keeps in the store where they stand. */
export const createEngine = ({ store, time, random, callResource, log, meter }: EngineParts) => {
  const machines = new Map<string, StateMachine>();
  const parsed = new Map<string, Machine>();
  const live = new Map<string, (why: 'ABORTED' | 'TIMED_OUT', failure: Partial<Failure>) => void>();
  const waiters = new Map<string, Waiter>();
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  let begun = false;

  const machineOf = (hash: string) => {
    const machine = parsed.get(hash) ?? parseDefinition(store.definition(hash));
    parsed.set(hash, machine);
    return machine;
  };

  const launch = (row: ExecutionRow) => {
    const machine = machineOf(row.definition);
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    let lastEvent = store.lastEventId(row.arn);
    let over = false;
    const record = (type: string, details: JsonObject = {}) => {
      if (over || closing.signal.aborted) return;
      lastEvent += 1;
      if (type.endsWith('StateEntered'))
        meter?.count('stepfunctions.transitions', row.arn.split(':')[6] ?? '', 1);
      const event = {
        id: lastEvent,
        previousEventId: lastEvent - 1,
        timestamp: time.nowMs() / 1000,
        type,
        ...details,
      };
      store.putEvent(row.arn, lastEvent, event);
      if (lastEvent >= maxEvents)
        throw new StateError('States.Runtime', 'The execution’s history reached 25,000 events.');
    };
    const settle = (
      status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED',
      output: string | null,
      failure: Partial<Failure>,
    ) => {
      if (over || closing.signal.aborted) return;
      const { error = null, cause = null } = failure;
      const type = { SUCCEEDED: 'Succeeded', FAILED: 'Failed', TIMED_OUT: 'TimedOut', ABORTED: 'Aborted' }[
        status
      ];
      const details: JsonObject =
        status === 'SUCCEEDED'
          ? { output }
          : { ...(error !== null && { error }), ...(cause !== null && { cause }) };
      store.transaction(() => {
        lastEvent += 1;
        const key = `execution${type}EventDetails`;
        const event = {
          id: lastEvent,
          previousEventId: lastEvent - 1,
          timestamp: time.nowMs() / 1000,
          type: `Execution${type}`,
        };
        store.putEvent(row.arn, lastEvent, { ...event, [key]: details });
        store.settle({ arn: row.arn, status, output, error, cause, stoppedMs: time.nowMs() });
      });
      over = true;
      cancelTimeout();
      closing.signal.removeEventListener('abort', stop);
      live.delete(row.arn);
      controller.abort();
    };
    const stop = () => controller.abort();
    closing.signal.addEventListener('abort', stop, { once: true });
    const cancelTimeout =
      machine.timeoutSeconds === undefined
        ? () => {}
        : time.at(row.started_ms + machine.timeoutSeconds * 1000, () =>
            settle('TIMED_OUT', null, {
              error: 'States.Timeout',
              cause: 'The execution did not end within TimeoutSeconds.',
            }),
          );
    live.set(row.arn, (status, failure) => settle(status, null, failure));
    closing.signal.addEventListener('abort', cancelTimeout, { once: true });
    const input = parseJson(row.input);
    const { arn, name, machine_arn: machineArn, started_ms: startedMs } = row;
    const run: Run = {
      store,
      time,
      random,
      waiters,
      callResource,
      arn,
      name,
      machineArn,
      input,
      startedMs,
      record,
    };
    if (lastEvent === 0) record('ExecutionStarted', { executionStartedEventDetails: { input: row.input } });
    runScope({ run, path: '', machine, outer: {}, signal: controller.signal }, input).then(
      (output) => settle('SUCCEEDED', JSON.stringify(output), {}),
      (error) => {
        if (error instanceof Stopped) return;
        if (error instanceof StateError) return settle('FAILED', null, error.failure);
        log(
          `execution ${row.name} failed inside the interpreter: ${error instanceof Error ? error.message : 'unknown'}`,
        );
        settle('FAILED', null, { error: 'States.Runtime', cause: 'The local interpreter failed.' });
      },
    );
  };

  const settleToken = (token: string, outcome: TokenOutcome) => {
    if (!store.token(token)) throw new ServiceError('InvalidToken', 'The task token is not valid');
    if (!store.settleToken(token, outcome)) throw tokenGone();
    waiters.get(token)?.settle(outcome);
  };

  return {
    machines,
    store,
    /** Throws Error naming the state when the definition cannot run here. */
    define: (machine: StateMachine) => {
      const hash = createHash('sha256').update(machine.definition).digest('hex');
      parsed.set(hash, parseDefinition(machine.definition));
      store.putDefinition(hash, machine.definition);
      machines.set(machine.arn, machine);
    },
    /** Throws ServiceError: StateMachineDoesNotExist, InvalidExecutionInput, ExecutionAlreadyExists. */
    start: (
      machineArn: string,
      input: string,
      name: string = randomUUID(),
    ): { arn: string; startedMs: number } => {
      const machine = machines.get(machineArn);
      if (!machine)
        throw new ServiceError('StateMachineDoesNotExist', `There is no state machine ${machineArn}`);
      if (Buffer.byteLength(input) > 256 * 1024)
        throw new ServiceError('ValidationException', 'The input is larger than 256 KiB');
      try {
        JSON.parse(input);
      } catch {
        throw new ServiceError('InvalidExecutionInput', 'The input is not JSON');
      }
      const arn = `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
      const existing = store.byArn(arn);
      if (existing) {
        if (existing.status === 'RUNNING' && existing.input === input)
          return { arn, startedMs: existing.started_ms };
        throw new ServiceError('ExecutionAlreadyExists', `There is already an execution ${arn}`);
      }
      const startedMs = time.nowMs();
      const definition = createHash('sha256').update(machine.definition).digest('hex');
      store.insert({ arn, machineArn, name, input, startedMs, definition });
      const row = store.byArn(arn);
      if (row && begun) launch(row);
      return { arn, startedMs };
    },
    stop: (arn: string, failure: Partial<Failure>): number => {
      const row = store.byArn(arn);
      if (!row) throw new ServiceError('ExecutionDoesNotExist', `There is no execution ${arn}`);
      live.get(arn)?.('ABORTED', failure);
      return store.byArn(arn)?.stopped_ms ?? time.nowMs();
    },
    succeedTask: (token: string, output: Json) => settleToken(token, { output }),
    failTask: (token: string, failure: Failure) => settleToken(token, { failure }),
    beatTask: (token: string) => {
      const known = store.token(token);
      if (!known) throw new ServiceError('InvalidToken', 'The task token is not valid');
      if (!known.open) throw tokenGone();
      waiters.get(token)?.beat();
    },
    /** Goes on with every execution that was running when the runtime ended. */
    begin: () => {
      begun = true;
      for (const row of store.running()) launch(row);
    },
    /** Stops without settling anything: what runs goes on at the next start. */
    close: () => {
      closing.abort();
      store.close();
    },
  };
};
export type Engine = ReturnType<typeof createEngine>;
