import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as z from 'zod';
import { bundleOf, entryPoints } from '../lib/shared/bundle.ts';
import { cdkOut } from '../local/build.ts';
import { readAssembly, type Template } from '../local/cloudformation/assembly.ts';

export type BundledFunction = {
  /** `telemetry/on-telemetry-batch`. */
  readonly name: string;
  /** In the app's assets, which a build at the same time leaves alone. */
  readonly file: string;
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
};

const functionProperties = z.object({
  Code: z.object({ S3Key: z.string().optional() }),
  Runtime: z.string().optional(),
  MemorySize: z.number().default(128),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).optional(),
});
const reference = z.union([
  z.object({ Ref: z.string() }),
  z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) }),
]);

/** A value that a function can start with: initialisation reads names and addresses, and calls nobody. */
const placeholderOf = (value: unknown, { Parameters, Resources }: Template): string => {
  if (typeof value === 'string') return value;
  const parsed = reference.safeParse(value);
  if (!parsed.success) return 'placeholder';
  if ('Ref' in parsed.data) {
    const { Ref } = parsed.data;
    const fallback = Parameters[Ref]?.Default;
    if (fallback !== undefined) return String(fallback);
    return Resources[Ref]?.Type === 'AWS::SQS::Queue' ? 'https://queue.invalid/1' : 'placeholder';
  }
  return parsed.data['Fn::GetAtt'][1].endsWith('URL') ? 'https://issuer.invalid' : 'placeholder';
};

/** Every bundled function of the synthesised app with the environment that its template gives it. */
export const bundledFunctions = (): BundledFunction[] => {
  const { stacks, assets } = readAssembly(cdkOut);
  const settings = new Map<string, Pick<BundledFunction, 'file' | 'memoryMb' | 'environment'>>();
  for (const { template } of stacks)
    for (const { Type, Properties } of Object.values(template.Resources)) {
      if (Type !== 'AWS::Lambda::Function') continue;
      const { Code, Runtime, MemorySize, Environment } = functionProperties.parse(Properties);
      const directory = assets.get(Code.S3Key ?? '');
      if (!directory || !Runtime?.startsWith('nodejs')) continue;
      const file = join(directory, 'index.mjs');
      const variables = Object.entries(Environment?.Variables ?? {});
      settings.set(contentOf(file), {
        file,
        memoryMb: MemorySize,
        environment: Object.fromEntries(
          variables.map(([name, value]) => [name, placeholderOf(value, template)]),
        ),
      });
    }
  return entryPoints().map((entry) => {
    const code = contentOf(join(bundleOf(entry), 'index.mjs'));
    const found = settings.get(code);
    const name = entry.replace(/^lambdas\//, '').replace(/\.ts$/, '');
    if (!found)
      throw new Error(`${name} is bundled, but no stack has it as a function: is another build running?`);
    return { name, bytes: Buffer.byteLength(code), gzipBytes: gzipSync(code).length, ...found };
  });
};

const contentOf = (file: string) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};
