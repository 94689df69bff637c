import type { Machine, MapState, ParallelState } from './definition.ts';
import { evaluate, evaluateNumber } from './evaluate.ts';
import type { Frame } from './execution-store.ts';
import { finish } from './finish-state.ts';
import type { Json } from './json.ts';
import { runScope } from './run-scope.ts';
import { bindings, childController, type Scope, type Step, Stopped, save } from './scope.ts';
import { StateError } from './state-error.ts';

type Child = {
  readonly machine: Machine;
  readonly input: () => Promise<Json>;
  readonly item?: { readonly Index: number; readonly Value: Json };
};

/** Runs children, at most `limit` at once. The first that `onFailure` does not take ends all the others. */
const runAll = async (
  scope: Scope,
  frame: Frame,
  children: readonly Child[],
  limit: number,
  onFailure: (failure: StateError) => Json,
): Promise<Json[]> => {
  const { controller, release } = childController(scope.signal);
  const outer = { ...scope.outer, ...frame.variables };
  const results: Json[] = new Array(children.length);
  const queue = children.entries();
  const work = async () => {
    for (const [index, child] of queue) {
      if (controller.signal.aborted) throw new Stopped();
      const path = `${scope.path}/${index}`;
      const { machine, item = scope.item } = child;
      const inner: Scope = {
        run: scope.run,
        path,
        machine,
        outer,
        signal: controller.signal,
        ...(item && { item }),
      };
      try {
        results[index] = await runScope(inner, await child.input());
      } catch (error) {
        if (!(error instanceof StateError)) throw error;
        results[index] = onFailure(error);
        const stands = scope.run.store.frame(scope.run.arn, path);
        if (stands) save(inner, { ...stands, done: { failure: error.failure } });
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(limit, children.length) }, work));
    return results;
  } catch (error) {
    controller.abort();
    throw error;
  } finally {
    release();
  }
};

const rethrow = (failure: StateError): never => {
  throw failure;
};

/** Runs every branch with the same input; the result is their outputs in order. */
export const runParallel = async (scope: Scope, frame: Frame, state: ParallelState): Promise<Step> => {
  scope.run.record('ParallelStateStarted');
  const seen = bindings(scope, frame);
  const input =
    state.Arguments === undefined ? frame.input : await evaluate(state.Arguments, 'Arguments', seen);
  const branches = state.Branches.map((machine) => ({ machine, input: async () => input }));
  const result = await runAll(scope, frame, branches, branches.length, rethrow);
  scope.run.record('ParallelStateSucceeded');
  return finish(state, state.Next, result, bindings(scope, frame, { result }));
};

const tolerance = async (
  { ToleratedFailureCount, ToleratedFailurePercentage }: MapState,
  items: number,
  seen: ReturnType<typeof bindings>,
) => {
  const count =
    ToleratedFailureCount === undefined
      ? undefined
      : await evaluateNumber(ToleratedFailureCount, 'ToleratedFailureCount', seen);
  const percent =
    ToleratedFailurePercentage === undefined
      ? undefined
      : await evaluateNumber(ToleratedFailurePercentage, 'ToleratedFailurePercentage', seen);
  if (count === undefined && percent === undefined) return undefined;
  return Math.min(count ?? items, ((percent ?? 100) / 100) * items);
};

/**
 * Runs the item processor for every item; the result is its outputs in order. A tolerated failure stands in the result as
 * `{Error, Cause}`; more of them than tolerated fail the state with States.ExceedToleratedFailureThreshold.
 */
export const runMap = async (scope: Scope, frame: Frame, state: MapState): Promise<Step> => {
  const seen = bindings(scope, frame);
  const items = state.Items === undefined ? frame.input : await evaluate(state.Items, 'Items', seen);
  if (!Array.isArray(items))
    throw new StateError('States.QueryEvaluationError', "The field 'Items' must be an array.");
  scope.run.record('MapStateStarted', { mapStateStartedEventDetails: { length: items.length } });
  const asked =
    state.MaxConcurrency === undefined
      ? 0
      : await evaluateNumber(state.MaxConcurrency, 'MaxConcurrency', seen);
  const tolerated = await tolerance(state, items.length, seen);
  let failed = 0;
  const tolerate = (failure: StateError): Json => {
    if (tolerated === undefined) throw failure;
    failed += 1;
    if (failed > tolerated)
      throw new StateError(
        'States.ExceedToleratedFailureThreshold',
        `More than the tolerated ${tolerated} iterations failed.`,
      );
    return { Error: failure.failure.error, Cause: failure.failure.cause };
  };
  const children = items.map((Value, Index): Child => {
    const item = { Index, Value };
    return {
      machine: state.ItemProcessor,
      item,
      input: async () =>
        state.ItemSelector === undefined
          ? Value
          : evaluate(state.ItemSelector, 'ItemSelector', bindings(scope, frame, {}, item)),
    };
  });
  const limit = asked === 0 ? Math.max(1, items.length) : asked;
  const result = await runAll(scope, frame, children, limit, tolerate);
  scope.run.record('MapStateSucceeded');
  return finish(state, state.Next, result, bindings(scope, frame, { result }));
};
