import { BlockList, isIP } from 'node:net';

/** A parsed event pattern: says whether an event (parsed JSON) matches. Pure. */
export type EventMatcher = (event: unknown) => boolean;

/** Thrown for a pattern that EventBridge would refuse; the message says where. */
export class InvalidPatternError extends Error {
  constructor(message: string) {
    super(`Event pattern is not valid. Reason: ${message}`);
    this.name = 'InvalidEventPatternException';
  }
}

type Json = Readonly<Record<string, unknown>>;
/** `present` is false when no leaf of the event lies at the path; `value` is undefined then. */
type Leaf = { readonly present: boolean; readonly value: unknown };
type Test = (leaf: Leaf) => boolean;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Compiles an event pattern of the EventBridge language: exact values, prefix, suffix, wildcard, equals-ignore-case,
 * anything-but (values, or a nested prefix, suffix, equals-ignore-case or wildcard), numeric, exists, cidr and $or.
 * Throws InvalidPatternError.
 */
export const compilePattern = (pattern: unknown): EventMatcher => {
  if (!isObject(pattern) || Object.keys(pattern).length === 0)
    throw new InvalidPatternError('the pattern must be a non-empty object');
  return compileObject(pattern, '');
};

const compileObject = (pattern: Json, path: string): EventMatcher => {
  const checks: EventMatcher[] = [];
  for (const [name, part] of Object.entries(pattern)) {
    const here = path ? `${path}.${name}` : name;
    if (name === '$or' && Array.isArray(part) && part.length > 1 && part.every(isObject)) {
      const branches = part.map((branch, index) => compileObject(branch, `${here}[${index}]`));
      checks.push((event) => branches.some((branch) => branch(event)));
    } else if (isObject(part)) {
      if (Object.keys(part).length === 0)
        throw new InvalidPatternError(`empty objects are not allowed (${here})`);
      const inner = compileObject(part, here);
      checks.push((event) => entriesAt(event, name).some(inner));
    } else if (Array.isArray(part)) {
      if (part.length === 0) throw new InvalidPatternError(`empty arrays are not allowed (${here})`);
      const tests = part.map((one) => compileTest(one, here));
      checks.push((event) => {
        const leaves = leavesAt(event, name);
        return leaves.some((leaf) => tests.some((test) => test(leaf)));
      });
    } else throw new InvalidPatternError(`"${here}" must be an object or an array`);
  }
  return (event) => checks.every((check) => check(event));
};

/** The objects under a name: an array of objects offers each of them. Absent ones offer an empty object, for `exists: false`. */
const entriesAt = (event: unknown, name: string): unknown[] => {
  const value = isObject(event) && Object.hasOwn(event, name) ? event[name] : undefined;
  if (Array.isArray(value)) return value.filter(isObject).length > 0 ? value.filter(isObject) : [{}];
  return [isObject(value) ? value : {}];
};

const leavesAt = (event: unknown, name: string): Leaf[] => {
  if (!isObject(event) || !Object.hasOwn(event, name)) return [{ present: false, value: undefined }];
  const value = event[name];
  if (Array.isArray(value)) {
    const leaves = value.filter((one) => !isObject(one) && !Array.isArray(one));
    return leaves.length > 0
      ? leaves.map((one) => ({ present: true, value: one }))
      : [{ present: false, value: undefined }];
  }
  return isObject(value) ? [{ present: false, value: undefined }] : [{ present: true, value }];
};

const compileTest = (test: unknown, path: string): Test => {
  if (test === null || ['string', 'number', 'boolean'].includes(typeof test))
    return ({ present, value }) => present && value === test;
  if (!isObject(test)) throw new InvalidPatternError(`match values must be scalars or objects (${path})`);
  const [[operator, operand] = ['', undefined], ...others] = Object.entries(test);
  if (others.length > 0) throw new InvalidPatternError(`only one operator per object (${path})`);
  const text = textTests[operator];
  if (text) {
    const matches = text(operand, path);
    return ({ value }) => typeof value === 'string' && matches(value);
  }
  if (operator === 'exists') {
    if (typeof operand !== 'boolean') throw new InvalidPatternError(`exists takes true or false (${path})`);
    return ({ present }) => present === operand;
  }
  if (operator === 'numeric') return numeric(operand, path);
  if (operator === 'cidr') return cidr(operand, path);
  if (operator === 'anything-but') return anythingBut(operand, path);
  throw new InvalidPatternError(`unrecognized match type ${operator} (${path})`);
};

const requireText = (operand: unknown, operator: string, path: string): string => {
  if (typeof operand !== 'string' || operand === '')
    throw new InvalidPatternError(`${operator} takes a non-empty string (${path})`);
  return operand;
};

/** prefix and suffix take a string or `{"equals-ignore-case": string}`. */
const affix =
  (operator: 'prefix' | 'suffix') =>
  (operand: unknown, path: string): ((value: string) => boolean) => {
    const folded =
      isObject(operand) && Object.keys(operand).length === 1 ? operand['equals-ignore-case'] : undefined;
    const wanted = requireText(folded ?? operand, operator, path);
    const fold = (value: string) => (folded === undefined ? value : value.toLowerCase());
    const part = fold(wanted);
    return (value) => (operator === 'prefix' ? fold(value).startsWith(part) : fold(value).endsWith(part));
  };

const wildcard = (operand: unknown, path: string) => {
  const wanted = requireText(operand, 'wildcard', path);
  if (/(^|[^\\])\*\*/.test(wanted))
    throw new InvalidPatternError(`consecutive wildcard characters (${path})`);
  const source = [...wanted.matchAll(/\\([*\\])|(\*)|([^*\\]+|\\)/gs)]
    .map(([, escaped, star, literal]) => (star ? '.*' : literally(escaped ?? literal ?? '')))
    .join('');
  const regex = new RegExp(`^${source}$`, 's');
  return (value: string) => regex.test(value);
};
const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

const textTests: Readonly<Record<string, (operand: unknown, path: string) => (value: string) => boolean>> = {
  prefix: affix('prefix'),
  suffix: affix('suffix'),
  wildcard,
  'equals-ignore-case': (operand, path) => {
    const wanted = requireText(operand, 'equals-ignore-case', path).toLowerCase();
    return (value) => value.toLowerCase() === wanted;
  },
};

const comparisons: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

const numeric = (operand: unknown, path: string): Test => {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4))
    throw new InvalidPatternError(`numeric takes one or two comparisons (${path})`);
  const tests = Array.from({ length: operand.length / 2 }, (_, index) => {
    const [name, bound] = [operand[index * 2], operand[index * 2 + 1]];
    const compare = typeof name === 'string' ? comparisons[name] : undefined;
    if (!compare || typeof bound !== 'number')
      throw new InvalidPatternError(`numeric takes an operator and a number (${path})`);
    return (value: number) => compare(value, bound);
  });
  return ({ value }) => typeof value === 'number' && tests.every((test) => test(value));
};

const cidr = (operand: unknown, path: string): Test => {
  const [address = '', bits = ''] = requireText(operand, 'cidr', path).split('/');
  const family = isIP(address);
  const width = Number(bits);
  if (family === 0 || !/^\d+$/.test(bits) || width > (family === 4 ? 32 : 128))
    throw new InvalidPatternError(`malformed CIDR (${path})`);
  const block = new BlockList();
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  block.addSubnet(address, width, kind);
  return ({ value }) => typeof value === 'string' && isIP(value) === family && block.check(value, kind);
};

const anythingBut = (operand: unknown, path: string): Test => {
  if (isObject(operand)) {
    const [[operator, inner] = ['', undefined], ...others] = Object.entries(operand);
    const text = textTests[operator];
    if (!text || others.length > 0)
      throw new InvalidPatternError(`anything-but does not take ${operator} (${path})`);
    const tests = (Array.isArray(inner) ? inner : [inner]).map((one) => text(one, path));
    return ({ present, value }) =>
      present && !(typeof value === 'string' && tests.some((test) => test(value)));
  }
  const refused = Array.isArray(operand) ? operand : [operand];
  if (
    refused.length === 0 ||
    refused.some((one) => !['string', 'number', 'boolean'].includes(typeof one) && one !== null)
  )
    throw new InvalidPatternError(`anything-but takes strings or numbers (${path})`);
  return ({ present, value }) => present && !refused.includes(value);
};
