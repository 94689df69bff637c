import { type Bindings, evaluate } from './evaluate.ts';
import type { Json } from './json.ts';
import { type Step, withinLimit } from './scope.ts';
import { StateError } from './state-error.ts';

type Ending = {
  readonly Output?: Json | undefined;
  readonly Assign?: Readonly<Record<string, Json>> | undefined;
};

/** Evaluates Output and Assign beside each other: neither sees what the other gives. Throws StateError. */
export const finish = async (
  { Output, Assign }: Ending,
  next: string | undefined,
  unless: Json,
  seen: Bindings,
): Promise<Step> => {
  const assigned = Object.entries(Assign ?? {}).map(
    async ([name, value]) => [name, await evaluate(value, `Assign/${name}`, seen)] as const,
  );
  const [output, assign] = await Promise.all([
    Output === undefined ? unless : evaluate(Output, 'Output', seen),
    Promise.all(assigned).then((entries) => Object.fromEntries(entries)),
  ]);
  withinLimit(output);
  withinLimit(assign);
  return next === undefined ? { end: true, output } : { next, output, assign };
};

/** Throws StateError States.QueryEvaluationError unless the value is a boolean. */
export const asBoolean = (value: Json, field: string): boolean => {
  if (typeof value === 'boolean') return value;
  throw new StateError('States.QueryEvaluationError', `The field '${field}' must be a boolean.`);
};
