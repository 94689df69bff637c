import * as z from 'zod';

const many = <T extends z.ZodType>(one: T) => z.union([one.transform((value) => [value]), z.array(one)]);
const comparisons = [
  'Bool',
  'StringEquals',
  'StringNotEquals',
  'StringLike',
  'ForAnyValue:StringEquals',
  'ForAllValues:StringEquals',
] as const;
const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: many(z.string()),
  Resource: many(z.string()),
  Condition: z
    .partialRecord(
      z.enum(comparisons),
      z.record(z.string(), many(z.union([z.string(), z.boolean().transform(String)]))),
    )
    .default({}),
});
/** An IoT policy as far as it is used: what else it holds is refused when it is created. */
export const policyDocument = z.strictObject({
  Version: z.literal('2012-10-17'),
  Id: z.string().optional(),
  Statement: many(statement),
});
export type PolicyDocument = z.infer<typeof policyDocument>;

export type Action =
  | 'iot:Connect'
  | 'iot:Publish'
  | 'iot:RetainPublish'
  | 'iot:Receive'
  | 'iot:Subscribe'
  | 'iot:AssumeRoleWithCertificate';
/** Who asks. `thing` is the thing that is named like the client, if it is attached to the client's certificate. */
export type Asker = {
  readonly clientId: string;
  readonly certificateId: string;
  readonly thing?: {
    readonly name: string;
    readonly typeName?: string;
    readonly attributes: Readonly<Record<string, string>>;
  };
};

/** A policy variable's value; undefined when it has none here. */
const variableValue = (name: string, { clientId, certificateId, thing }: Asker): string | undefined => {
  const [, key] = /^iot:Connection\.Thing\.Attributes\[([^\]]+)\]$/.exec(name) ?? [];
  if (key !== undefined)
    return thing && Object.hasOwn(thing.attributes, key) ? thing.attributes[key] : undefined;
  switch (name) {
    case 'iot:ClientId':
      return clientId;
    case 'iot:CertificateId':
      return certificateId;
    case 'iot:Connection.Thing.ThingName':
      return thing?.name;
    case 'iot:Connection.Thing.ThingTypeName':
      return thing?.typeName;
    case 'iot:Connection.Thing.IsAttached':
      return String(thing !== undefined);
    default:
      return undefined;
  }
};

const known =
  /^iot:(ClientId|CertificateId|Connection\.Thing\.(ThingName|ThingTypeName|IsAttached|Attributes\[[^\]]+\]))$/;
/** Names of variables and condition keys of a policy that the local broker does not know. */
export const unknownVariables = (document: PolicyDocument): string[] => {
  const used = document.Statement.flatMap(({ Resource, Condition }) => [
    ...Resource.flatMap((resource) => [...resource.matchAll(/\$\{([^}]*)\}/g)].map(([, name = '']) => name)),
    ...Object.values(Condition).flatMap((keys) => Object.keys(keys)),
  ]);
  return used.filter((name) => !known.test(name));
};

const literally = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** `*` and `?` are wildcards where the policy's author wrote them, never where a variable's value holds them. */
const matchesPattern = (pattern: string, value: string, asker: Asker): boolean => {
  let source = '';
  for (const part of pattern.split(/(\$\{[^}]*\})/)) {
    const [, name] = /^\$\{([^}]*)\}$/.exec(part) ?? [];
    if (name === undefined) {
      source += literally(part).replaceAll('\\*', '.*').replaceAll('\\?', '.');
      continue;
    }
    const filled = variableValue(name, asker);
    if (filled === undefined) return false;
    source += literally(filled);
  }
  return new RegExp(`^${source}$`, 's').test(value);
};

const holds = (comparison: string, key: string, wanted: readonly string[], asker: Asker): boolean => {
  const value = variableValue(key, asker);
  if (comparison === 'StringNotEquals') return value === undefined || !wanted.includes(value);
  if (value === undefined) return comparison.startsWith('ForAllValues');
  if (comparison === 'StringLike') return wanted.some((pattern) => matchesPattern(pattern, value, asker));
  return wanted.some((one) => (comparison === 'Bool' ? one.toLowerCase() : one) === value);
};

/** Whether policies allow an action on a resource (`arn:…:topic/a/b`): one Allow must match, and no Deny. */
export const allows = (
  policies: readonly PolicyDocument[],
  action: Action,
  resource: string,
  asker: Asker,
): boolean => {
  const effects = new Set(
    policies
      .flatMap(({ Statement }) => Statement)
      .filter(
        ({ Action: actions, Resource: resources, Condition }) =>
          actions.some((pattern) => matchesPattern(pattern, action, asker)) &&
          resources.some((pattern) => matchesPattern(pattern, resource, asker)) &&
          Object.entries(Condition).every(([comparison, keys]) =>
            Object.entries(keys).every(([key, wanted]) => holds(comparison, key, wanted, asker)),
          ),
      )
      .map(({ Effect }) => Effect),
  );
  return effects.has('Allow') && !effects.has('Deny');
};
