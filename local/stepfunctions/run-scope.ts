import type { State } from './definition.ts';
import type { Frame } from './execution-store.ts';
import { finish } from './finish-state.ts';
import type { Json } from './json.ts';
import { nextRetry } from './retry.ts';
import { runState } from './run-state.ts';
import { bindings, type Scope, type Step, Stopped, save, sleepUntil } from './scope.ts';
import { type Failure, matchesError, StateError } from './state-error.ts';

const enter = (scope: Scope, state: string, input: Json, variables: Frame['variables']): Frame => {
  const { run } = scope;
  const type = scope.machine.states.get(state)?.Type ?? 'Unknown';
  const frame = { state, input, variables, enteredAtMs: run.time.nowMs(), retryCounts: [] };
  if (scope.signal.aborted) throw new Stopped();
  run.store.transaction(() => {
    run.store.dropFramesBelow(run.arn, scope.path);
    run.store.putFrame(run.arn, scope.path, frame);
    run.record(`${type}StateEntered`, {
      stateEnteredEventDetails: { name: state, input: JSON.stringify(input) },
    });
  });
  return frame;
};

const caught = async (
  scope: Scope,
  frame: Frame,
  state: State,
  { error, cause }: Failure,
): Promise<Step | undefined> => {
  const catcher =
    'Catch' in state ? state.Catch.find(({ ErrorEquals }) => matchesError(ErrorEquals, error)) : undefined;
  if (!catcher) return undefined;
  const errorOutput = { Error: error, Cause: cause };
  const seen = bindings(scope, frame, { errorOutput });
  return finish(catcher, catcher.Next, errorOutput, seen);
};

const runWithRetries = async (scope: Scope, entered: Frame, state: State): Promise<Step> => {
  const { run } = scope;
  let frame = entered;
  for (;;) {
    try {
      if (frame.retryAtMs !== undefined) {
        await sleepUntil(scope, frame.retryAtMs);
        const { retryAtMs: _, ...rest } = frame;
        frame = save(scope, rest);
      }
      return await runState(scope, frame, state);
    } catch (error) {
      if (scope.signal.aborted || error instanceof Stopped) throw new Stopped();
      const { failure } =
        error instanceof StateError ? error : new StateError('States.Runtime', String(error));
      const retriers = 'Retry' in state ? state.Retry : [];
      const retry = nextRetry(retriers, frame.retryCounts, failure.error, run.random);
      if (!retry) {
        const step = await caught(scope, frame, state, failure);
        if (step) return step;
        throw new StateError(failure.error, failure.cause);
      }
      run.store.dropFramesBelow(run.arn, scope.path);
      const { input, variables, enteredAtMs } = frame;
      const retryCounts = [...retry.counts];
      frame = save(scope, {
        state: frame.state,
        input,
        variables,
        enteredAtMs,
        retryCounts,
        retryAtMs: run.time.nowMs() + retry.delayMs,
      });
    }
  }
};

/**
 * Runs a scope to its end, from where its frame says that it stands, or from its first state. Answers its output. Throws
 * StateError when it fails, Stopped when it was ended from outside.
 */
export const runScope = async (scope: Scope, input: Json): Promise<Json> => {
  const { run, machine, path } = scope;
  const kept = run.store.frame(run.arn, path);
  if (kept?.done) {
    if ('output' in kept.done) return kept.done.output;
    throw new StateError(kept.done.failure.error, kept.done.failure.cause);
  }
  let frame = kept ?? enter(scope, machine.startAt, input, {});
  for (;;) {
    const state = machine.states.get(frame.state);
    if (!state) throw new StateError('States.Runtime', `There is no state ${frame.state}`);
    const step = await runWithRetries(scope, frame, state);
    if (scope.signal.aborted) throw new Stopped();
    if (state.Type !== 'Fail')
      run.record(`${state.Type}StateExited`, {
        stateExitedEventDetails: { name: frame.state, output: JSON.stringify(step.output) },
      });
    if ('end' in step) {
      if (path !== '') save(scope, { ...frame, done: { output: step.output } });
      return step.output;
    }
    frame = enter(scope, step.next, step.output, { ...frame.variables, ...step.assign });
  }
};
