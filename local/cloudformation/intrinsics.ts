import type { CreatedResource } from '../ports.ts';
import type { Template } from './assembly.ts';

export const pseudoParameters = (
  stack: string,
  region: string,
  accountId: string,
): Readonly<Record<string, string>> => ({
  'AWS::Region': region,
  'AWS::AccountId': accountId,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': stack,
  'AWS::StackId': `arn:aws:cloudformation:${region}:${accountId}:stack/${stack}/local`,
});

/** Everything that an intrinsic of one stack may look at while the stack is being created. */
export type Scope = {
  readonly stack: string;
  readonly template: Template;
  /** Values of template parameters, before their defaults. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly pseudo: Readonly<Record<string, string>>;
  readonly created: ReadonlyMap<string, CreatedResource>;
  readonly exports: ReadonlyMap<string, string>;
  /** Composed addresses and where they are reached locally. */
  readonly urls: ReadonlyMap<string, string>;
};

const noValue = Symbol('AWS::NoValue');
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The name and argument of an intrinsic; undefined for plain data. */
export const intrinsicOf = (
  value: unknown,
): { readonly name: string; readonly argument: unknown } | undefined => {
  if (!isObject(value)) return undefined;
  const [entry, ...more] = Object.entries(value);
  if (!entry || more.length > 0) return undefined;
  const [name, argument] = entry;
  return name === 'Ref' || name === 'Condition' || name.startsWith('Fn::') ? { name, argument } : undefined;
};

/**
 * Resolves every intrinsic in `value`. `where` (a logical id or an output's name) stands in the sentence of the Error that
 * an unknown intrinsic, reference or attribute throws.
 */
export const resolveValue = (value: unknown, scope: Scope, where: string): unknown => {
  const resolved = resolver(scope, where).resolve(value);
  return resolved === noValue ? undefined : resolved;
};

/** Whether a condition of the template holds. */
export const conditionHolds = (name: string, scope: Scope, where: string): boolean =>
  resolver(scope, where).condition(name);

const resolver = (scope: Scope, where: string) => {
  const stop = (why: string): never => {
    throw new Error(`${scope.stack}/${where}: ${why}`);
  };
  const localise = (text: string) => {
    let result = text;
    for (const [from, to] of scope.urls) if (result.includes(from)) result = result.replaceAll(from, to);
    return result;
  };
  const text = (value: unknown, intrinsic: string): string => {
    const resolved = resolve(value);
    if (typeof resolved === 'string') return resolved;
    if (typeof resolved === 'number' || typeof resolved === 'boolean') return String(resolved);
    return stop(`${intrinsic} needs text, and found ${JSON.stringify(resolved)?.slice(0, 80)}`);
  };
  const list = (value: unknown, intrinsic: string): unknown[] => {
    const resolved = resolve(value);
    return Array.isArray(resolved) ? resolved : stop(`${intrinsic} needs a list`);
  };
  const parts = (argument: unknown, length: number, intrinsic: string): unknown[] =>
    Array.isArray(argument) && argument.length === length
      ? argument
      : stop(`${intrinsic} needs ${length} arguments`);

  const ref = (name: string): unknown => {
    if (name === 'AWS::NoValue') return noValue;
    const pseudo = scope.pseudo[name];
    if (pseudo !== undefined) return pseudo;
    const created = scope.created.get(name);
    if (created) return created.ref;
    const parameter = scope.template.Parameters[name];
    const given = parameter && scope.parameters[name];
    if (given !== undefined) return given;
    if (parameter?.Default !== undefined) return parameter.Default;
    return stop(parameter ? `the parameter ${name} has no default` : `Ref ${name} names nothing that exists`);
  };
  const getAtt = (id: string, attribute: string): string => {
    const created = scope.created.get(id);
    if (!created) return stop(`Fn::GetAtt names ${id}, which does not exist`);
    const found = created.attributes?.[attribute];
    if (found !== undefined) return found;
    const type = scope.template.Resources[id]?.Type ?? 'a resource';
    return stop(`the local runtime gives no attribute ${attribute} of ${id} (${type})`);
  };
  const sub = (argument: unknown): string => {
    const [pattern, own] = Array.isArray(argument) ? argument : [argument, {}];
    if (typeof pattern !== 'string' || !isObject(own)) return stop('Fn::Sub needs text, or text and a map');
    return pattern.replaceAll(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      const key = name.trim();
      if (Object.hasOwn(own, key)) return text(own[key], 'Fn::Sub');
      const dot = key.indexOf('.');
      return dot < 0 ? text({ Ref: key }, 'Fn::Sub') : getAtt(key.slice(0, dot), key.slice(dot + 1));
    });
  };
  const truth = (value: unknown): boolean => {
    const resolved = resolve(value);
    if (typeof resolved === 'boolean') return resolved;
    return resolved === 'true' || resolved === 'false'
      ? resolved === 'true'
      : stop('a condition is neither true nor false');
  };
  const condition = (name: string): boolean => {
    const definition = scope.template.Conditions[name];
    return definition === undefined ? stop(`the condition ${name} is not defined`) : truth(definition);
  };

  const intrinsics: Readonly<Record<string, (argument: unknown) => unknown>> = {
    Ref: (argument) => ref(String(argument)),
    Condition: (argument) => condition(String(argument)),
    'Fn::GetAtt': (argument) => {
      const [id, attribute] =
        typeof argument === 'string' ? splitOnce(argument) : parts(argument, 2, 'Fn::GetAtt');
      return getAtt(String(id), text(attribute, 'Fn::GetAtt'));
    },
    'Fn::Join': (argument) => {
      const [separator, values] = parts(argument, 2, 'Fn::Join');
      return localise(
        list(values, 'Fn::Join')
          .map((one) => text(one, 'Fn::Join'))
          .join(String(separator)),
      );
    },
    'Fn::Sub': (argument) => localise(sub(argument)),
    'Fn::Select': (argument) => {
      const [index, values] = parts(argument, 2, 'Fn::Select');
      const found = list(values, 'Fn::Select')[Number(resolve(index))];
      return found === undefined ? stop(`Fn::Select ${String(index)} is outside its list`) : found;
    },
    'Fn::Split': (argument) => {
      const [separator, value] = parts(argument, 2, 'Fn::Split');
      return text(value, 'Fn::Split').split(String(separator));
    },
    'Fn::ImportValue': (argument) => {
      const name = text(argument, 'Fn::ImportValue');
      return scope.exports.get(name) ?? stop(`no stack before it exports ${name}`);
    },
    'Fn::FindInMap': (argument) => {
      const [map, first, second] = parts(argument, 3, 'Fn::FindInMap').map((one) =>
        text(one, 'Fn::FindInMap'),
      );
      const found = scope.template.Mappings[map ?? '']?.[first ?? '']?.[second ?? ''];
      return found === undefined ? stop(`Fn::FindInMap finds no ${map}.${first}.${second}`) : resolve(found);
    },
    'Fn::Base64': (argument) => Buffer.from(text(argument, 'Fn::Base64')).toString('base64'),
    'Fn::GetAZs': () => ['a', 'b', 'c'].map((zone) => `${scope.pseudo['AWS::Region']}${zone}`),
    'Fn::If': (argument) => {
      const [name, yes, no] = parts(argument, 3, 'Fn::If');
      return resolve(condition(String(name)) ? yes : no);
    },
    'Fn::Equals': (argument) => {
      const [left, right] = parts(argument, 2, 'Fn::Equals').map((one) => text(one, 'Fn::Equals'));
      return left === right;
    },
    'Fn::Not': (argument) => !truth(parts(argument, 1, 'Fn::Not')[0]),
    'Fn::And': (argument) => (Array.isArray(argument) ? argument.every(truth) : stop('Fn::And needs a list')),
    'Fn::Or': (argument) => (Array.isArray(argument) ? argument.some(truth) : stop('Fn::Or needs a list')),
  };

  const resolve = (value: unknown): unknown => {
    if (typeof value === 'string') return localise(value);
    if (Array.isArray(value)) return value.map(resolve).filter((one) => one !== noValue);
    const intrinsic = intrinsicOf(value);
    if (intrinsic) {
      // `Condition` with an object is plain data: the condition block of an IAM statement.
      if (intrinsic.name === 'Condition' && typeof intrinsic.argument !== 'string') return mapObject(value);
      const run = intrinsics[intrinsic.name];
      return run
        ? run(intrinsic.argument)
        : stop(`the local runtime does not know the intrinsic ${intrinsic.name}`);
    }
    return isObject(value) ? mapObject(value) : value;
  };
  const mapObject = (value: unknown) => {
    if (!isObject(value)) return value;
    const entries = Object.entries(value).map(([key, one]) => [key, resolve(one)] as const);
    return Object.fromEntries(entries.filter(([, one]) => one !== noValue));
  };
  return { resolve, condition };
};

const splitOnce = (path: string): [string, string] => {
  const dot = path.indexOf('.');
  return dot < 0 ? [path, ''] : [path.slice(0, dot), path.slice(dot + 1)];
};

/** The logical ids that a value refers to, by Ref, Fn::GetAtt or Fn::Sub, so that they are created before. */
export const referencesOf = (value: unknown, found = new Set<string>()): Set<string> => {
  if (Array.isArray(value)) for (const one of value) referencesOf(one, found);
  const intrinsic = intrinsicOf(value);
  if (intrinsic?.name === 'Ref' && typeof intrinsic.argument === 'string') found.add(intrinsic.argument);
  if (intrinsic?.name === 'Fn::GetAtt') {
    const id =
      typeof intrinsic.argument === 'string'
        ? splitOnce(intrinsic.argument)[0]
        : Array.isArray(intrinsic.argument) && intrinsic.argument[0];
    if (typeof id === 'string') found.add(id);
  }
  if (intrinsic?.name === 'Fn::Sub') {
    const pattern = Array.isArray(intrinsic.argument) ? intrinsic.argument[0] : intrinsic.argument;
    if (typeof pattern === 'string')
      for (const [, name] of pattern.matchAll(/\$\{([^!}][^}]*)\}/g))
        found.add(splitOnce((name ?? '').trim())[0]);
  }
  if (isObject(value)) for (const one of Object.values(value)) referencesOf(one, found);
  return found;
};
