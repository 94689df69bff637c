import { type Token, tokenize } from './sql-tokens.ts';

export type SqlFunction = 'topic' | 'timestamp' | 'clientid' | 'principal' | 'newuuid' | 'encode' | 'get';
export type Operator =
  | 'or'
  | 'and'
  | '='
  | '<>'
  | '<'
  | '<='
  | '>'
  | '>='
  | 'in'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%';
export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'whole' }
  | { readonly kind: 'path'; readonly keys: readonly string[] }
  | { readonly kind: 'member'; readonly of: Expression; readonly keys: readonly string[] }
  | { readonly kind: 'call'; readonly name: SqlFunction; readonly args: readonly Expression[] }
  | {
      readonly kind: 'binary';
      readonly operator: Operator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'not' | 'negative'; readonly of: Expression }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, Expression])[] }
  | {
      readonly kind: 'case';
      readonly of: Expression;
      readonly whens: readonly (readonly [Expression, Expression])[];
      readonly otherwise?: Expression;
    };
export type Selected = { readonly expression: Expression; readonly alias?: string };
/** A rule for Basic Ingest alone needs no FROM. */
export type Query = {
  readonly select: readonly Selected[];
  readonly from?: string;
  readonly where?: Expression;
};

/** Function names and how many arguments each takes. */
const functions: Readonly<Record<SqlFunction, readonly [number, number]>> = {
  topic: [0, 1],
  timestamp: [0, 0],
  clientid: [0, 0],
  principal: [0, 0],
  newuuid: [0, 0],
  encode: [2, 2],
  get: [2, 2],
};
const isFunction = (name: string): name is SqlFunction => Object.hasOwn(functions, name);
const reserved = new Set([
  'select',
  'from',
  'where',
  'as',
  'and',
  'or',
  'not',
  'in',
  'case',
  'when',
  'then',
  'else',
  'end',
  'value',
  'exists',
]);
const levels: readonly (readonly Operator[])[] = [
  ['or'],
  ['and'],
  ['=', '<>', '<', '<=', '>', '>=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
];

const parser = (sql: string) => {
  const tokens = tokenize(sql);
  let position = 0;
  const peek = (): Token => tokens[position] ?? { kind: 'end', text: 'the end', at: sql.length };
  const take = () => {
    const token = peek();
    position += 1;
    return token;
  };
  const fault = (token = peek()): never => {
    throw new Error(`"${token.text}" at character ${token.at + 1} is not supported there`);
  };
  const isWord = (word: string) => peek().kind === 'word' && peek().text.toLowerCase() === word;
  const isSymbol = (symbol: string) => peek().kind === 'symbol' && peek().text === symbol;
  const skipWord = (word: string) => isWord(word) && Boolean(take());
  const skipSymbol = (symbol: string) => isSymbol(symbol) && Boolean(take());
  const expectWord = (word: string) => void (skipWord(word) || fault());
  const expectSymbol = (symbol: string) => void (skipSymbol(symbol) || fault());
  const commas = <T>(closing: string, one: () => T): T[] => {
    const all: T[] = [];
    if (skipSymbol(closing)) return all;
    do all.push(one());
    while (skipSymbol(','));
    expectSymbol(closing);
    return all;
  };
  const name = () => {
    const token = take();
    return token.kind === 'word' && !reserved.has(token.text.toLowerCase()) ? token.text : fault(token);
  };
  const keys = (): string[] => {
    const found: string[] = [];
    while (skipSymbol('.')) found.push(name());
    return found;
  };

  const call = (token: Token): Expression => {
    const called = token.text.toLowerCase();
    if (!isFunction(called)) throw new Error(`the function ${token.text}() is not supported`);
    const args = commas(')', expression);
    const [least, most] = functions[called];
    if (args.length < least || args.length > most)
      throw new Error(`the function ${token.text}() does not take ${args.length} arguments`);
    const scheme = args[1];
    if (called === 'encode' && !(scheme?.kind === 'literal' && scheme.value === 'base64'))
      throw new Error("encode() knows only 'base64'");
    return { kind: 'call', name: called, args };
  };
  const caseOf = (): Expression => {
    const of = expression();
    const whens: [Expression, Expression][] = [];
    while (skipWord('when')) {
      const when = expression();
      expectWord('then');
      whens.push([when, expression()]);
    }
    if (whens.length === 0) fault();
    const otherwise = skipWord('else') ? expression() : undefined;
    expectWord('end');
    return { kind: 'case', of, whens, ...(otherwise && { otherwise }) };
  };
  const primary = (): Expression => {
    const token = take();
    const lower = token.text.toLowerCase();
    if (token.kind === 'text') return { kind: 'literal', value: token.text };
    if (token.kind === 'number') return { kind: 'literal', value: Number(token.text) };
    if (token.kind === 'symbol') {
      if (token.text === '*') return { kind: 'whole' };
      if (token.text === '-') return { kind: 'negative', of: primary() };
      if (token.text === '[') return { kind: 'list', items: commas(']', expression) };
      if (token.text === '{')
        return {
          kind: 'object',
          entries: commas('}', () => {
            const key = take();
            if (key.kind !== 'text' && key.kind !== 'word') fault(key);
            expectSymbol(':');
            return [key.text, expression()] as const;
          }),
        };
      if (token.text !== '(') return fault(token);
      const inner = expression();
      if (!isSymbol(',')) {
        expectSymbol(')');
        return inner;
      }
      expectSymbol(',');
      return { kind: 'list', items: [inner, ...commas(')', expression)] };
    }
    if (token.kind === 'end') return fault(token);
    if (lower === 'true' || lower === 'false') return { kind: 'literal', value: lower === 'true' };
    if (lower === 'null') return { kind: 'literal', value: null };
    if (lower === 'case') return caseOf();
    if (reserved.has(lower)) return fault(token);
    if (skipSymbol('(')) return call(token);
    return { kind: 'path', keys: [token.text, ...keys()] };
  };
  const operand = (): Expression => {
    const of = primary();
    const further = keys();
    return further.length === 0 ? of : { kind: 'member', of, keys: further };
  };
  const operatorOf = (level: readonly Operator[]): Operator | undefined => {
    const text = peek().text.toLowerCase();
    const spelled = text === '!=' ? '<>' : text;
    return peek().kind === 'text' ? undefined : level.find((operator) => operator === spelled);
  };
  const binary = (level: number): Expression => {
    const operators = levels[level];
    if (!operators) return operand();
    if (level === 2 && skipWord('not')) return { kind: 'not', of: binary(level) };
    let left = binary(level + 1);
    for (let operator = operatorOf(operators); operator; operator = operatorOf(operators)) {
      take();
      left = { kind: 'binary', operator, left, right: binary(level + 1) };
    }
    return left;
  };
  const expression = () => binary(0);

  const selected = (): Selected => {
    const chosen = expression();
    return skipWord('as') ? { expression: chosen, alias: name() } : { expression: chosen };
  };
  return {
    expression: () => {
      const parsed = expression();
      if (peek().kind !== 'end') fault();
      return parsed;
    },
    query: (): Query => {
      expectWord('select');
      if (isWord('value')) fault();
      const select: Selected[] = [];
      do select.push(selected());
      while (skipSymbol(','));
      const filter = skipWord('from') ? take() : undefined;
      if (filter && filter.kind !== 'text') fault(filter);
      const where = skipWord('where') ? expression() : undefined;
      if (peek().kind !== 'end') fault();
      return { select, ...(filter && { from: filter.text }), ...(where && { where }) };
    },
  };
};

/** Reads a rule's SQL as far as it is used. Throws Error with the place of what it does not support. */
export const parseQuery = (sql: string): Query => parser(sql).query();

/** One expression, as it stands in a substitution template. Throws Error. */
export const parseExpression = (text: string): Expression => parser(text).expression();
