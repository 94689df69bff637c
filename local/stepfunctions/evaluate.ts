import jsonata from 'jsonata';
import { type Json, json } from './json.ts';
import { stepFunctions } from './query-functions.ts';
import { StateError } from './state-error.ts';

/** What an expression sees: the variables in scope, and `$states`. */
export type Bindings = {
  readonly variables: Readonly<Record<string, Json>>;
  readonly states: Readonly<Record<string, Json>>;
};

const query = /^\{%([\s\S]*)%\}$/;
const compiled = new Map<string, jsonata.Expression>();

const compile = (source: string) => {
  const known = compiled.get(source);
  if (known) return known;
  const expression = jsonata(source);
  for (const [name, { implementation, signature }] of Object.entries(stepFunctions))
    expression.registerFunction(name, implementation, signature);
  compiled.set(source, expression);
  return expression;
};

/** Throws Error when an expression within `value` does not parse. */
export const checkExpressions = (value: unknown): void => {
  if (typeof value === 'string') {
    const source = query.exec(value)?.[1];
    if (source !== undefined) compile(source);
  } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(checkExpressions);
};

const reason = (error: unknown) => {
  const message = error instanceof Object && 'message' in error ? String(error.message) : String(error);
  return error instanceof Object && 'code' in error ? `${String(error.code)}: ${message}` : message;
};

const run = async (source: string, field: string, { variables, states }: Bindings): Promise<Json> => {
  let result: unknown;
  const text = `The JSONata expression '${source.trim()}' specified for the field '${field}'`;
  try {
    result = await compile(source).evaluate(undefined, { ...variables, states });
  } catch (error) {
    throw new StateError(
      'States.QueryEvaluationError',
      `${text} threw an error during evaluation. ${reason(error)}`,
    );
  }
  if (result === undefined)
    throw new StateError('States.QueryEvaluationError', `${text} returned nothing (undefined).`);
  // Expressions give sequences and may give functions; the wire's JSON knows neither.
  const plain = json.safeParse(
    typeof result === 'function' ? undefined : JSON.parse(JSON.stringify(result) ?? 'null'),
  );
  if (!plain.success)
    throw new StateError('States.QueryEvaluationError', `${text} returned a value that is not JSON.`);
  return plain.data;
};

/** Replaces every `{% expression %}` in nested values by its result. Throws StateError States.QueryEvaluationError. */
export const evaluate = async (value: Json, field: string, bindings: Bindings): Promise<Json> => {
  if (typeof value === 'string') {
    const source = query.exec(value)?.[1];
    return source === undefined ? value : run(source, field, bindings);
  }
  if (Array.isArray(value))
    return Promise.all(value.map((item, index) => evaluate(item, `${field}[${index}]`, bindings)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    async ([key, item]) => [key, await evaluate(item, `${field}.${key}`, bindings)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
};

/** A field that must give a number, or text of one kind. Throws StateError States.QueryEvaluationError. */
export const evaluateNumber = async (
  value: number | string,
  field: string,
  bindings: Bindings,
): Promise<number> => {
  const result = await evaluate(value, field, bindings);
  if (typeof result === 'number' && result >= 0) return result;
  throw new StateError('States.QueryEvaluationError', `The field '${field}' must be a number of at least 0.`);
};

export const evaluateText = async (value: string, field: string, bindings: Bindings): Promise<string> => {
  const result = await evaluate(value, field, bindings);
  if (typeof result === 'string') return result;
  throw new StateError('States.QueryEvaluationError', `The field '${field}' must be a string.`);
};
