import * as z from 'zod';
import { type Machine, machineSchema, type State, stateSchemas } from './definition.ts';
import { checkExpressions } from './evaluate.ts';
import { parseResource } from './task-resource.ts';

const jsonPathFields = new Set([
  'InputPath',
  'OutputPath',
  'ResultPath',
  'ResultSelector',
  'Parameters',
  'Result',
  'Iterator',
]);
const anyState = z.looseObject({ Type: z.string(), QueryLanguage: z.string().optional() });

const refuse = (where: string, why: string): never => {
  throw new Error(`${where}: ${why}`);
};
const read = <S extends z.ZodType>(where: string, schema: S, value: unknown): z.output<S> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const why = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  return refuse(where, why.join('; '));
};

const readState = (where: string, value: unknown, language: string, outer: ReadonlySet<string>): State => {
  const { Type, QueryLanguage } = read(where, anyState, value);
  if ((QueryLanguage ?? language) !== 'JSONata')
    refuse(where, 'uses JSONPath; only JSONata state machines run (set "QueryLanguage": "JSONata")');
  for (const field of Object.keys(Object(value)))
    if (jsonPathFields.has(field) || /.Path$/.test(field))
      refuse(where, `${field} belongs to JSONPath; only JSONata state machines run`);
  const schema = Object.entries(stateSchemas).find(([type]) => type === Type)?.[1];
  if (!schema) return refuse(where, `the state type ${Type} is unknown`);
  const state = read(where, schema, value);
  try {
    const {
      Branches: _,
      ItemProcessor: __,
      ...own
    } = { Branches: undefined, ItemProcessor: undefined, ...state };
    checkExpressions(own);
  } catch (error) {
    refuse(
      where,
      `an expression does not parse: ${error instanceof Object && 'message' in error ? error.message : error}`,
    );
  }
  if (state.Type === 'Parallel')
    return {
      ...state,
      Branches: state.Branches.map((branch, index) =>
        readMachine(`${where}, branch ${index}`, branch, 'JSONata', outer),
      ),
    };
  if (state.Type === 'Map')
    return {
      ...state,
      ItemProcessor: readMachine(`${where}, item processor`, state.ItemProcessor, 'JSONata', outer),
    };
  if (state.Type === 'Task') parseResource(where, state.Resource);
  return state;
};

const assignedIn = (state: unknown): string[] => {
  const assigning = z.object({ Assign: z.record(z.string(), z.unknown()).default({}) });
  const parts = z
    .object({ Choices: z.array(assigning).default([]), Catch: z.array(assigning).default([]) })
    .extend(assigning.shape)
    .safeParse(state);
  if (!parts.success) return [];
  const { Assign, Choices, Catch } = parts.data;
  return [Assign, ...Choices.map((one) => one.Assign), ...Catch.map((one) => one.Assign)].flatMap((one) =>
    Object.keys(one),
  );
};

const targetsOf = (state: State): string[] => {
  if (state.Type === 'Succeed' || state.Type === 'Fail') return [];
  if (state.Type === 'Choice')
    return [
      ...state.Choices.map(({ Next }) => Next),
      ...(state.Default === undefined ? [] : [state.Default]),
    ];
  const caught = 'Catch' in state ? state.Catch.map(({ Next }) => Next) : [];
  return state.Next === undefined ? caught : [state.Next, ...caught];
};

/** `outer`: the names of variables of the scopes around, which an inner scope may read but not assign. */
const readMachine = (
  where: string,
  value: unknown,
  language: string,
  outer: ReadonlySet<string>,
): Machine => {
  const machine = read(where, machineSchema, value);
  const own = new Set(Object.values(machine.States).flatMap(assignedIn));
  for (const name of own)
    if (outer.has(name))
      refuse(
        where,
        `assigns $${name}, which an outer scope assigns too; inner scopes need names of their own`,
      );
  if (own.has('states')) refuse(where, 'assigns $states, which is reserved');
  const visible = new Set([...outer, ...own]);
  const states = new Map(
    Object.entries(machine.States).map(([name, state]) => [
      name,
      readState(
        `${where === '' ? '' : `${where}, `}state ${name}`,
        state,
        machine.QueryLanguage ?? language,
        visible,
      ),
    ]),
  );
  const known = (name: string, from: string) => {
    if (!states.has(name)) refuse(from, `names the state ${name}, which does not exist`);
  };
  known(machine.StartAt, `${where || 'the definition'}, StartAt`);
  for (const [name, state] of states) {
    const here = `${where === '' ? '' : `${where}, `}state ${name}`;
    for (const target of targetsOf(state)) known(target, here);
    if ('Next' in state && state.Next !== undefined && state.End) refuse(here, 'has both Next and End');
    if (
      !['Succeed', 'Fail', 'Choice'].includes(state.Type) &&
      !('Next' in state && state.Next !== undefined) &&
      !('End' in state && state.End)
    )
      refuse(here, 'has neither Next nor End');
  }
  return {
    startAt: machine.StartAt,
    states,
    ...(machine.TimeoutSeconds !== undefined && { timeoutSeconds: machine.TimeoutSeconds }),
  };
};

/**
 * Reads a JSONata state machine. Throws Error with a sentence that names the state: on JSONPath, on unknown fields, types
 * and resources, on transitions to nowhere, and on variables that an inner scope may not assign.
 */
export const parseDefinition = (text: string): Machine => {
  const parsed = z.string().transform((raw, context): unknown => {
    try {
      return JSON.parse(raw);
    } catch {
      context.addIssue('the definition is not JSON');
      return z.NEVER;
    }
  });
  return readMachine('', read('the definition', parsed, text), 'JSONPath', new Set());
};
