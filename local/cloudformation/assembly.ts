import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const resource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.union([z.string(), z.array(z.string())]).default([]),
  Condition: z.string().optional(),
});

const template = z.object({
  Parameters: z
    .record(z.string(), z.object({ Type: z.string(), Default: z.unknown().optional() }))
    .default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(z.string(), resource).default({}),
  Outputs: z
    .record(
      z.string(),
      z.object({
        Value: z.unknown(),
        Export: z.object({ Name: z.unknown() }).optional(),
        Condition: z.string().optional(),
      }),
    )
    .default({}),
  Transform: z.unknown().optional(),
});
export type Template = z.infer<typeof template>;

export type Stack = {
  readonly name: string;
  readonly template: Template;
  readonly dependsOn: readonly string[];
};
/** A synthesised app: its stacks, each after those it depends on, and where its assets lie by S3 key. */
export type Assembly = { readonly stacks: readonly Stack[]; readonly assets: ReadonlyMap<string, string> };

const manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      dependencies: z.array(z.string()).default([]),
      properties: z
        .object({
          templateFile: z.string().optional(),
          file: z.string().optional(),
          stackName: z.string().optional(),
        })
        .optional(),
    }),
  ),
});

const assetManifest = z.object({
  files: z
    .record(
      z.string(),
      z.object({
        source: z.object({ path: z.string().optional() }),
        destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
      }),
    )
    .default({}),
  dockerImages: z.record(z.string(), z.unknown()).default({}),
});

const readJson = <S extends z.ZodType>(file: string, schema: S): z.output<S> => {
  const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Error(`${file} is not what \`npm run synth\` writes: ${z.prettifyError(parsed.error)}`);
};

/** Reads a cdk.out directory. Throws Error where it is absent or holds what the local runtime cannot run (images, nested stages). */
export const readAssembly = (directory: string): Assembly => {
  const file = join(directory, 'manifest.json');
  if (!existsSync(file))
    throw new Error(`${directory} holds no synthesised app; run \`npm run synth\` first`);
  const { artifacts } = readJson(file, manifest);
  const stacks: Stack[] = [];
  const assets = new Map<string, string>();
  for (const [id, { type, dependencies, properties }] of Object.entries(artifacts)) {
    if (type === 'cdk:cloud-assembly')
      throw new Error(`${id} is a nested stage, which the local runtime does not run`);
    if (type === 'cdk:asset-manifest' && properties?.file) {
      const { files, dockerImages } = readJson(join(directory, properties.file), assetManifest);
      if (Object.keys(dockerImages).length > 0)
        throw new Error(`${id} has Docker images, which the local runtime does not run`);
      for (const { source, destinations } of Object.values(files))
        for (const { objectKey } of Object.values(destinations))
          if (source.path) assets.set(objectKey, join(directory, source.path));
    }
    if (type === 'aws:cloudformation:stack' && properties?.templateFile) {
      const body = readJson(join(directory, properties.templateFile), template);
      if (body.Transform !== undefined)
        throw new Error(`Stack ${id} uses a Transform, which the local runtime does not know`);
      stacks.push({ name: properties.stackName ?? id, template: body, dependsOn: dependencies });
    }
  }
  return { stacks: inOrder(stacks), assets };
};

const inOrder = (stacks: readonly Stack[]): Stack[] => {
  const byName = new Map(stacks.map((stack) => [stack.name, stack]));
  const ordered = new Set<Stack>();
  const visit = (stack: Stack, above: readonly string[]) => {
    if (ordered.has(stack)) return;
    if (above.includes(stack.name))
      throw new Error(`The stacks ${[...above, stack.name].join(' → ')} depend on each other`);
    for (const name of stack.dependsOn) {
      const needed = byName.get(name);
      if (needed) visit(needed, [...above, stack.name]);
    }
    ordered.add(stack);
  };
  for (const stack of stacks) visit(stack, []);
  return [...ordered];
};
