/** A request that GraphQL does not understand. */
export class GraphqlError extends Error {}

export type Value =
  | { readonly kind: 'plain'; readonly value: unknown }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'object'; readonly fields: readonly (readonly [string, Value])[] };

export type Selection =
  | {
      readonly kind: 'field';
      readonly name: string;
      readonly alias: string;
      readonly args: readonly (readonly [string, Value])[];
      readonly selections: readonly Selection[] | undefined;
    }
  | { readonly kind: 'fragment'; readonly on: string | undefined; readonly selections: readonly Selection[] };

export type Operation = {
  readonly type: 'query' | 'mutation';
  readonly variables: readonly { readonly name: string; readonly required: boolean }[];
  readonly selections: readonly Selection[];
};

const tokenPattern =
  /\s+|,|#[^\n]*|(\.\.\.|[{}()[\]:=!$])|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)/y;
const deepest = 20;

const tokensOf = (text: string): string[] => {
  const tokens: string[] = [];
  for (let at = 0; at < text.length; at = tokenPattern.lastIndex) {
    tokenPattern.lastIndex = at;
    const found = tokenPattern.exec(text);
    if (!found) throw new GraphqlError(`Unexpected character at ${at}`);
    const token = found[1] ?? found[2] ?? found[3] ?? found[4];
    if (token !== undefined) tokens.push(token);
  }
  return tokens;
};

/** One operation, as clients of miners write them: fields, arguments, variables, aliases and inline fragments. */
export const parseQuery = (text: string): Operation => {
  const tokens = tokensOf(text);
  let at = 0;
  const peek = () => tokens[at];
  const take = (wanted?: string): string => {
    const token = tokens[at++];
    if (token === undefined) throw new GraphqlError('Unexpected end of input');
    if (wanted !== undefined && token !== wanted) throw new GraphqlError(`Unexpected "${token}"`);
    return token;
  };
  const name = () => {
    const token = take();
    if (!/^[A-Za-z_]/.test(token)) throw new GraphqlError(`Unexpected "${token}"`);
    return token;
  };
  const until = <T>(end: string, one: () => T): T[] => {
    const found: T[] = [];
    while (peek() !== end) found.push(one());
    take(end);
    return found;
  };
  const pair = (depth: number): readonly [string, Value] => {
    const key = name();
    take(':');
    return [key, value(depth)];
  };
  const value = (depth: number): Value => {
    if (depth > deepest) throw new GraphqlError('Too deep');
    const token = take();
    if (token === '$') return { kind: 'variable', name: name() };
    if (token === '[') return { kind: 'list', items: until(']', () => value(depth + 1)) };
    if (token === '{') return { kind: 'object', fields: until('}', () => pair(depth + 1)) };
    if (token.startsWith('"') || /^-?\d/.test(token)) return { kind: 'plain', value: JSON.parse(token) };
    if (token === 'true' || token === 'false') return { kind: 'plain', value: token === 'true' };
    if (token === 'null') return { kind: 'plain', value: null };
    if (/^[A-Za-z_]/.test(token)) return { kind: 'plain', value: token };
    throw new GraphqlError(`Unexpected "${token}"`);
  };
  const argumentsGiven = () => {
    if (peek() !== '(') return [];
    take('(');
    return until(')', () => pair(0));
  };
  const selections = (depth: number): Selection[] => {
    if (depth > deepest) throw new GraphqlError('Too deep');
    take('{');
    return until('}', () => selection(depth + 1));
  };
  const selection = (depth: number): Selection => {
    if (peek() === '...') {
      take();
      if (peek() === 'on') take();
      const on = peek() === '{' ? undefined : name();
      return { kind: 'fragment', on, selections: selections(depth) };
    }
    const first = name();
    const renamed = peek() === ':' && take() ? name() : undefined;
    return {
      kind: 'field',
      name: renamed ?? first,
      alias: first,
      args: argumentsGiven(),
      selections: peek() === '{' ? selections(depth) : undefined,
    };
  };
  const type = (): boolean => {
    if (peek() === '[') {
      take();
      type();
      take(']');
    } else name();
    return peek() === '!' && take() === '!';
  };
  const variable = () => {
    take('$');
    const called = name();
    take(':');
    const required = type();
    const hasDefault = peek() === '=';
    if (hasDefault) {
      take();
      value(0);
    }
    return { name: called, required: required && !hasDefault };
  };

  let kind: Operation['type'] = 'query';
  let variables: Operation['variables'] = [];
  if (peek() !== '{') {
    const word = name();
    if (word !== 'query' && word !== 'mutation') throw new GraphqlError(`Unexpected "${word}"`);
    kind = word;
    if (peek() !== '(' && peek() !== '{') name();
    if (peek() === '(') {
      take();
      variables = until(')', variable);
    }
  }
  const operation = { type: kind, variables, selections: selections(0) };
  if (peek() !== undefined) throw new GraphqlError(`Unexpected "${peek()}"`);
  return operation;
};
