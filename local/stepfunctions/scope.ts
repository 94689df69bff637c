import { setMaxListeners } from 'node:events';
import type { Machine } from './definition.ts';
import type { Bindings } from './evaluate.ts';
import type { ExecutionStore, Frame, TokenOutcome } from './execution-store.ts';
import type { Json, JsonObject } from './json.ts';
import { StateError } from './state-error.ts';
import type { TaskResource } from './task-resource.ts';
import type { Timekeeper } from './timekeeper.ts';

/** Ends a scope from outside: stopped, timed out, a sibling failed, or the runtime closes. No state may handle it. */
export class Stopped extends Error {}

/** A task that waits for its token. */
export type Waiter = { readonly settle: (outcome: TokenOutcome) => void; readonly beat: () => void };

/** What every execution shares. */
export type Shared = {
  readonly store: ExecutionStore;
  readonly time: Timekeeper;
  readonly random: () => number;
  /** By token. */
  readonly waiters: Map<string, Waiter>;
  /** Calls a task's service. Throws StateError with the service's error name. */
  readonly callResource: (resource: TaskResource, input: Json) => Promise<Json>;
};

/** One running execution. */
export type Run = Shared & {
  readonly arn: string;
  readonly name: string;
  readonly machineArn: string;
  readonly input: Json;
  readonly startedMs: number;
  readonly record: (type: string, details?: JsonObject) => void;
};

/** The execution itself (path ''), a branch or an iteration (path of its parent, `/`, its index). */
export type Scope = {
  readonly run: Run;
  readonly path: string;
  readonly machine: Machine;
  readonly outer: Readonly<Record<string, Json>>;
  readonly signal: AbortSignal;
  readonly item?: { readonly Index: number; readonly Value: Json };
};

/** Where a state leads. */
export type Step =
  | { readonly next: string; readonly output: Json; readonly assign: Readonly<Record<string, Json>> }
  | { readonly end: true; readonly output: Json };

const maxBytes = 256 * 1024;
/** Throws StateError States.DataLimitExceeded above 256 KiB. */
export const withinLimit = (value: Json): Json => {
  if (Buffer.byteLength(JSON.stringify(value)) > maxBytes)
    throw new StateError(
      'States.DataLimitExceeded',
      'The state’s input, output or result is larger than 256 KiB.',
    );
  return value;
};

/** Writes where the scope stands. Throws Stopped when it no longer may go on. */
export const save = ({ run, path, signal }: Scope, frame: Frame): Frame => {
  if (signal.aborted) throw new Stopped();
  run.store.putFrame(run.arn, path, frame);
  return frame;
};

/** What expressions see in a state; `extra` holds `result` or `errorOutput`. */
export const bindings = (scope: Scope, frame: Frame, extra: JsonObject = {}, item = scope.item): Bindings => {
  const { run } = scope;
  const context: JsonObject = {
    Execution: {
      Id: run.arn,
      Input: run.input,
      Name: run.name,
      RoleArn: 'arn:aws:iam::000000000000:role/local',
      StartTime: new Date(run.startedMs).toISOString(),
      RedriveCount: 0,
    },
    StateMachine: { Id: run.machineArn, Name: run.machineArn.split(':').at(-1) ?? '' },
    State: {
      Name: frame.state,
      EnteredTime: new Date(frame.enteredAtMs).toISOString(),
      RetryCount: frame.retryCounts.reduce((sum, count) => sum + count, 0),
    },
    ...(frame.task?.token !== undefined && { Task: { Token: frame.task.token } }),
    ...(item && { Map: { Item: { ...item } } }),
  };
  return {
    variables: { ...scope.outer, ...frame.variables },
    states: { input: frame.input, context, ...extra },
  };
};

/** Waits until a time. Rejects with Stopped when the scope ends before. */
export const sleepUntil = ({ run, signal }: Scope, atMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Stopped());
    const stop = () => {
      cancel();
      reject(new Stopped());
    };
    const cancel = run.time.at(atMs, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });

/** A controller that also ends with its parent; `release` unties it. */
export const childController = (parent: AbortSignal) => {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const stop = () => controller.abort();
  if (parent.aborted) stop();
  parent.addEventListener('abort', stop, { once: true });
  return { controller, release: () => parent.removeEventListener('abort', stop) };
};
