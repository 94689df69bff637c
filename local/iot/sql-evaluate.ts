import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Expression, Operator, Query } from './sql-syntax.ts';

export type Json = z.infer<ReturnType<typeof z.json>>;
type Value = Json | undefined;

/** A message as a rule sees it; `topic` is without the Basic Ingest prefix. */
export type Message = {
  readonly topic: string;
  readonly payload: Buffer;
  readonly receivedAtMs: number;
  readonly clientId?: string;
  /** The certificate id. */
  readonly principal?: string;
  /** How many rules republished it. */
  readonly republished?: number;
};

const json = z.json();
const documents = new WeakMap<Message, { readonly document: Value }>();
/** The payload as JSON, or undefined when it is something else. */
const documentOf = (message: Message): Value => {
  const known = documents.get(message);
  if (known) return known.document;
  let document: Value;
  try {
    document = json.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(message.payload)));
  } catch {
    document = undefined;
  }
  documents.set(message, { document });
  return document;
};

const memberOf = (value: Value, key: string): Value =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, key)
    ? value[key]
    : undefined;
const asNumber = (value: Value): number | undefined => {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && value.trim() !== ''
        ? Number(value)
        : Number.NaN;
  return Number.isNaN(number) ? undefined : number;
};
const isText = (value: Value): value is string => typeof value === 'string';
const asText = (value: Value) => (isText(value) ? value : JSON.stringify(value));

const equal = (left: Value, right: Value): boolean | undefined => {
  if (left === undefined || right === undefined) return undefined;
  if (typeof left === typeof right) return JSON.stringify(left) === JSON.stringify(right);
  const numbers = [asNumber(left), asNumber(right)];
  return numbers.includes(undefined) ? false : numbers[0] === numbers[1];
};
const compare = (left: Value, right: Value, holds: (order: number) => boolean): boolean | undefined => {
  if (isText(left) && isText(right)) return holds(left < right ? -1 : Number(left > right));
  const [one, other] = [asNumber(left), asNumber(right)];
  return one === undefined || other === undefined ? undefined : holds(one - other);
};
const arithmetic = (left: Value, right: Value, compute: (one: number, other: number) => number): Value => {
  const [one, other] = [asNumber(left), asNumber(right)];
  const result = one === undefined || other === undefined ? Number.NaN : compute(one, other);
  return Number.isFinite(result) ? result : undefined;
};

const binary = (operator: Operator, left: Value, right: Value): Value => {
  switch (operator) {
    case 'and':
      return typeof left === 'boolean' && typeof right === 'boolean' ? left && right : undefined;
    case 'or':
      return left === true || right === true ? true : left === false && right === false ? false : undefined;
    case '=':
      return equal(left, right);
    case '<>': {
      const same = equal(left, right);
      return same === undefined ? undefined : !same;
    }
    case '<':
      return compare(left, right, (order) => order < 0);
    case '<=':
      return compare(left, right, (order) => order <= 0);
    case '>':
      return compare(left, right, (order) => order > 0);
    case '>=':
      return compare(left, right, (order) => order >= 0);
    case 'in':
      return Array.isArray(right) ? right.some((item) => equal(left, item)) : undefined;
    case '+':
      if (left === undefined || right === undefined) return undefined;
      return isText(left) || isText(right)
        ? asText(left) + asText(right)
        : arithmetic(left, right, (one, other) => one + other);
    case '-':
      return arithmetic(left, right, (one, other) => one - other);
    case '*':
      return arithmetic(left, right, (one, other) => one * other);
    case '/':
      return arithmetic(left, right, (one, other) => one / other);
    case '%':
      return arithmetic(left, right, (one, other) => one % other);
  }
};

const call = (name: string, args: readonly Expression[], message: Message): Value => {
  const [first, second] = args;
  switch (name) {
    case 'topic': {
      if (!first) return message.topic;
      const level = evaluateExpression(first, message);
      return typeof level === 'number' ? message.topic.split('/')[level - 1] : undefined;
    }
    case 'timestamp':
      return message.receivedAtMs;
    case 'clientid':
      return message.clientId ?? 'N/A';
    case 'principal':
      return message.principal;
    case 'newuuid':
      return randomUUID();
    case 'encode': {
      if (first?.kind === 'whole') return message.payload.toString('base64');
      const value = first && evaluateExpression(first, message);
      return value === undefined ? undefined : Buffer.from(asText(value)).toString('base64');
    }
    default: {
      const [of, key] = [
        first && evaluateExpression(first, message),
        second && evaluateExpression(second, message),
      ];
      if (typeof key === 'number') return Array.isArray(of) || isText(of) ? of[key] : undefined;
      return isText(key) ? memberOf(of, key) : undefined;
    }
  }
};

/** An expression's value; undefined as AWS IoT's `Undefined`. */
export const evaluateExpression = (expression: Expression, message: Message): Value => {
  const value = (one: Expression) => evaluateExpression(one, message);
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'whole':
      return documentOf(message);
    case 'path':
      return expression.keys.reduce(memberOf, documentOf(message));
    case 'member':
      return expression.keys.reduce(memberOf, value(expression.of));
    case 'call':
      return call(expression.name, expression.args, message);
    case 'binary':
      return binary(expression.operator, value(expression.left), value(expression.right));
    case 'not': {
      const of = value(expression.of);
      return typeof of === 'boolean' ? !of : undefined;
    }
    case 'negative': {
      const of = asNumber(value(expression.of));
      return of === undefined ? undefined : -of;
    }
    case 'list':
      return expression.items.map(value).filter((item) => item !== undefined);
    case 'object':
      return Object.fromEntries(
        expression.entries.flatMap(([key, of]) => {
          const item = value(of);
          return item === undefined ? [] : [[key, item] as const];
        }),
      );
    case 'case': {
      const of = value(expression.of);
      const found =
        expression.whens.find(([when]) => equal(of, value(when)) === true)?.[1] ?? expression.otherwise;
      return found && value(found);
    }
  }
};

/** What a column without AS is called: the last name of its path or its function. */
const columnName = ({ alias, expression }: Query['select'][number], index: number): string => {
  if (alias !== undefined) return alias;
  if (expression.kind === 'path' || expression.kind === 'member')
    return expression.keys.at(-1) ?? String(index);
  return expression.kind === 'call' ? expression.name : String(index);
};

/**
 * What the rule hands to its actions: JSON text, or the payload as it came for `SELECT *` of something that is not JSON.
 * Undefined when WHERE does not hold. Throws Error when the payload must be JSON and is not.
 */
export const runQuery = ({ select, where }: Query, message: Message): Buffer | undefined => {
  if (where && evaluateExpression(where, message) !== true) return undefined;
  const document = documentOf(message);
  if (select.length === 1 && select[0]?.expression.kind === 'whole' && select[0].alias === undefined)
    return document === undefined ? message.payload : Buffer.from(JSON.stringify(document));
  const row: Record<string, Json> = {};
  for (const [index, column] of select.entries()) {
    if (column.expression.kind === 'whole' && column.alias === undefined) {
      if (typeof document !== 'object' || document === null || Array.isArray(document))
        throw new Error('SELECT * beside other columns needs a payload that is a JSON object');
      Object.assign(row, document);
      continue;
    }
    const value = evaluateExpression(column.expression, message);
    if (value !== undefined) row[columnName(column, index)] = value;
  }
  return Buffer.from(JSON.stringify(row));
};
