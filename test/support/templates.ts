import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { buildStacks, cdkOut } from '../../local/build.ts';

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z.record(z.string(), z.json()).default({}),
      DeletionPolicy: z.string().optional(),
    }),
  ),
});

export type Json = z.core.util.JSONType;
export type TemplateResource = {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, Json>>;
  readonly deletionPolicy: string | undefined;
};

/** Every resource of every stack of the synthesised app. */
export const synthesisedResources = async (): Promise<readonly TemplateResource[]> => {
  await buildStacks();
  return globSync('*.template.json', { cwd: cdkOut }).flatMap((file) => {
    const stack = file.replace('.template.json', '');
    const { Resources } = templateSchema.parse(JSON.parse(readFileSync(join(cdkOut, file), 'utf8')));
    return Object.entries(Resources).map(([logicalId, { Type, Properties, DeletionPolicy }]) => ({
      stack,
      logicalId,
      type: Type,
      properties: Properties,
      deletionPolicy: DeletionPolicy,
    }));
  });
};

/** The value at a path of keys, or undefined. */
export const at = (
  value: Json | Readonly<Record<string, Json>> | undefined,
  ...path: readonly (string | number)[]
) =>
  path.reduce<Json | Readonly<Record<string, Json>> | undefined>((inner, key) => {
    if (Array.isArray(inner)) return typeof key === 'number' ? inner[key] : undefined;
    return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
      ? (inner as Readonly<Record<string, Json>>)[key]
      : undefined;
  }, value);

/** The logical id that `{Ref}` or `{Fn::GetAtt}` names. */
export const refOf = (value: Json | Readonly<Record<string, Json>> | undefined): string | undefined => {
  const named = at(value, 'Ref') ?? at(value, 'Fn::GetAtt', 0);
  return typeof named === 'string' ? named : undefined;
};

const statement = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Action: z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat()),
  Resource: z.json().optional(),
});
export type Statement = z.infer<typeof statement> & { readonly where: string };

/** Every statement of every identity policy. */
export const roleStatements = (resources: readonly TemplateResource[]): Statement[] =>
  resources
    .filter(({ type }) => type === 'AWS::IAM::Policy' || type === 'AWS::IAM::Role')
    .flatMap(({ stack, logicalId, properties }) => {
      const inline = z.array(z.object({ PolicyDocument: z.json() })).parse(properties.Policies ?? []);
      const documents = [properties.PolicyDocument, ...inline.map(({ PolicyDocument }) => PolicyDocument)];
      return documents
        .filter((document) => document !== undefined)
        .flatMap((document) => z.object({ Statement: z.array(statement) }).parse(document).Statement)
        .map((one) => ({ ...one, where: `${stack}/${logicalId}` }));
    });
