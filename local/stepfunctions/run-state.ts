import type { ChoiceState, State, WaitState } from './definition.ts';
import { evaluate, evaluateNumber, evaluateText } from './evaluate.ts';
import type { Frame } from './execution-store.ts';
import { asBoolean, finish } from './finish-state.ts';
import { runMap, runParallel } from './run-children.ts';
import { runTask } from './run-task.ts';
import { bindings, type Scope, type Step, save, sleepUntil } from './scope.ts';
import { StateError } from './state-error.ts';

const choose = async (scope: Scope, frame: Frame, state: ChoiceState): Promise<Step> => {
  const seen = bindings(scope, frame);
  for (const [index, choice] of state.Choices.entries()) {
    const field = `Choices[${index}]/Condition`;
    if (asBoolean(await evaluate(choice.Condition, field, seen), field))
      return finish(choice, choice.Next, frame.input, seen);
  }
  if (state.Default === undefined)
    throw new StateError(
      'States.NoChoiceMatched',
      `No choice of the state ${frame.state} matched, and it has no Default.`,
    );
  return finish(state, state.Default, frame.input, seen);
};

const wakeTime = async (scope: Scope, frame: Frame, { Seconds, Timestamp }: WaitState): Promise<number> => {
  const seen = bindings(scope, frame);
  if (Seconds !== undefined)
    return frame.enteredAtMs + (await evaluateNumber(Seconds, 'Seconds', seen)) * 1000;
  const text = await evaluateText(Timestamp ?? '', 'Timestamp', seen);
  const atMs = /^\d{4}-\d{2}-\d{2}T/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs))
    throw new StateError('States.QueryEvaluationError', "The field 'Timestamp' must be an RFC 3339 time.");
  return atMs;
};

/** Runs one attempt of a state. Throws StateError when it fails, Stopped when its scope ends. */
export const runState = async (scope: Scope, frame: Frame, state: State): Promise<Step> => {
  switch (state.Type) {
    case 'Pass':
      return finish(state, state.Next, frame.input, bindings(scope, frame));
    case 'Choice':
      return choose(scope, frame, state);
    case 'Wait': {
      const wakeAtMs = frame.wakeAtMs ?? (await wakeTime(scope, frame, state));
      save(scope, { ...frame, wakeAtMs });
      await sleepUntil(scope, wakeAtMs);
      return finish(state, state.Next, frame.input, bindings(scope, frame));
    }
    case 'Succeed':
      return finish(state, undefined, frame.input, bindings(scope, frame));
    case 'Fail': {
      const seen = bindings(scope, frame);
      const [error, cause] = await Promise.all([
        evaluateText(state.Error ?? '', 'Error', seen),
        evaluateText(state.Cause ?? '', 'Cause', seen),
      ]);
      throw new StateError(error, cause);
    }
    case 'Task':
      return runTask(scope, frame, state);
    case 'Parallel':
      return runParallel(scope, frame, state);
    case 'Map':
      return runMap(scope, frame, state);
  }
};
