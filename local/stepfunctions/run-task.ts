import { randomBytes } from 'node:crypto';
import type { TaskState } from './definition.ts';
import { evaluate, evaluateNumber } from './evaluate.ts';
import type { Frame, TaskProgress, TokenOutcome } from './execution-store.ts';
import { finish } from './finish-state.ts';
import type { Json } from './json.ts';
import { bindings, type Scope, type Step, Stopped, save, withinLimit } from './scope.ts';
import { StateError } from './state-error.ts';
import { parseResource } from './task-resource.ts';

const begin = async (
  scope: Scope,
  frame: Frame,
  state: TaskState,
  waitsForToken: boolean,
): Promise<TaskProgress> => {
  const seen = bindings(scope, frame);
  const nowMs = scope.run.time.nowMs();
  const { TimeoutSeconds, HeartbeatSeconds } = state;
  const timeout =
    TimeoutSeconds === undefined ? undefined : await evaluateNumber(TimeoutSeconds, 'TimeoutSeconds', seen);
  const beat =
    HeartbeatSeconds === undefined || !waitsForToken
      ? undefined
      : await evaluateNumber(HeartbeatSeconds, 'HeartbeatSeconds', seen);
  const token = waitsForToken ? randomBytes(48).toString('base64url') : undefined;
  if (token !== undefined) scope.run.store.openToken(token, scope.run.arn, scope.path);
  return {
    dispatched: false,
    ...(token !== undefined && { token }),
    ...(timeout !== undefined && { timeoutAtMs: nowMs + timeout * 1000 }),
    ...(beat !== undefined && { heartbeatMs: beat * 1000, heartbeatAtMs: nowMs + beat * 1000 }),
  };
};

/** Settles by the first of: the work, the token, a deadline, the end of the scope. */
const outcome = (
  scope: Scope,
  entered: Frame,
  begun: TaskProgress,
  work: (() => Promise<Json>) | undefined,
): Promise<Json> =>
  new Promise((resolve, reject) => {
    const { run, signal } = scope;
    const { token } = begun;
    let task = begun;
    const cancels: (() => void)[] = [];
    const end = (settle: () => void) => {
      for (const cancel of cancels.splice(0)) cancel();
      settle();
    };
    const fail = (error: string, cause: string) => end(() => reject(new StateError(error, cause)));
    const take = (given: TokenOutcome) =>
      end(() => {
        if ('output' in given) resolve(given.output);
        else reject(new StateError(given.failure.error, given.failure.cause));
      });
    const expire = (error: string, cause: string) => () => {
      // A success that was acknowledged to its sender in the same instant counts.
      if (token !== undefined && !run.store.settleToken(token, null)) {
        const given = run.store.token(token)?.outcome;
        if (given) return take(given);
      }
      run.record('TaskTimedOut', {
        taskTimedOutEventDetails: { resourceType: 'task', resource: entered.state, error, cause },
      });
      fail(error, cause);
    };
    const stop = () => end(() => reject(new Stopped()));
    signal.addEventListener('abort', stop, { once: true });
    cancels.push(() => signal.removeEventListener('abort', stop));
    if (signal.aborted) return stop();

    if (task.timeoutAtMs !== undefined)
      cancels.push(
        run.time.at(
          task.timeoutAtMs,
          expire('States.Timeout', 'The task did not end within TimeoutSeconds.'),
        ),
      );
    if (token !== undefined) {
      const given = run.store.token(token);
      if (given?.outcome) return take(given.outcome);
      let stillBeat = () => {};
      const armHeartbeat = () => {
        stillBeat();
        if (task.heartbeatAtMs !== undefined)
          stillBeat = run.time.at(
            task.heartbeatAtMs,
            expire('States.HeartbeatTimeout', 'No heartbeat came within HeartbeatSeconds.'),
          );
      };
      armHeartbeat();
      run.waiters.set(token, {
        settle: take,
        beat: () => {
          if (task.heartbeatMs === undefined) return;
          task = { ...task, heartbeatAtMs: run.time.nowMs() + task.heartbeatMs };
          save(scope, { ...entered, task });
          armHeartbeat();
        },
      });
      cancels.push(() => {
        stillBeat();
        run.waiters.delete(token);
      });
    }
    let over = false;
    cancels.push(() => {
      over = true;
    });
    work?.().then(
      (result) => {
        if (over) return;
        if (token === undefined) return end(() => resolve(result));
        task = { ...task, dispatched: true };
        save(scope, { ...entered, task });
        run.record('TaskSubmitted', {
          taskSubmittedEventDetails: { resourceType: 'task', resource: entered.state },
        });
      },
      (error) => {
        if (over) return;
        if (token !== undefined) run.store.settleToken(token, null);
        end(() => reject(error));
      },
    );
  });

/** Runs one attempt of a Task; after a restart, awaits a token that was handed over, and otherwise calls again. */
export const runTask = async (scope: Scope, entered: Frame, state: TaskState): Promise<Step> => {
  const { run } = scope;
  const resource = parseResource(`state ${entered.state}`, state.Resource);
  const task = entered.task ?? (await begin(scope, entered, state, resource.waitsForToken));
  const frame = entered.task ? entered : save(scope, { ...entered, task });
  const details = { resourceType: resource.kind.split(':')[0] ?? 'lambda', resource: state.Resource };
  const work = async () => {
    const seen = bindings(scope, frame);
    const input =
      state.Arguments === undefined ? frame.input : await evaluate(state.Arguments, 'Arguments', seen);
    withinLimit(input);
    run.record('TaskScheduled', { taskScheduledEventDetails: { ...details, region: '', parameters: '{}' } });
    run.record('TaskStarted', { taskStartedEventDetails: details });
    return run.callResource(resource, input);
  };
  try {
    const result = await outcome(scope, frame, task, task.dispatched ? undefined : work);
    run.record('TaskSucceeded', {
      taskSucceededEventDetails: { ...details, output: JSON.stringify(withinLimit(result)) },
    });
    return await finish(state, state.Next, result, bindings(scope, frame, { result }));
  } catch (error) {
    if (error instanceof StateError)
      run.record('TaskFailed', { taskFailedEventDetails: { ...details, ...error.failure } });
    throw error;
  }
};
