import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Resource = {
  readonly Type: string;
  readonly Properties?: unknown;
  readonly DependsOn?: string | string[];
  readonly Condition?: string;
};
export type TestStack = {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >;
  readonly Conditions?: unknown;
  readonly Mappings?: unknown;
  readonly Parameters?: unknown;
};
export type TestApp = {
  readonly stacks: Readonly<Record<string, TestStack>>;
  /** Stack name to those it depends on. */
  readonly dependsOn?: Readonly<Record<string, readonly string[]>>;
  /** Asset name (its S3 key is `<name>.zip`) to the source of its index.mjs. */
  readonly functions?: Readonly<Record<string, string>>;
};

/** A directory that is gone after the test's `using`. */
export const temporaryDirectory = () => {
  const path = mkdtempSync(join(tmpdir(), 'hashinsight-local-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
};

/** Writes what `cdk synth` would for a hand-made app. Answers the cdk.out directory. */
export const writeApp = (parent: string, { stacks, dependsOn = {}, functions = {} }: TestApp): string => {
  const directory = join(parent, 'cdk.out');
  mkdirSync(directory, { recursive: true });
  const write = (name: string, content: unknown) =>
    writeFileSync(join(directory, name), JSON.stringify(content));
  const artifacts: Record<string, unknown> = {
    assets: { type: 'cdk:asset-manifest', properties: { file: 'app.assets.json' } },
  };
  const files: Record<string, unknown> = {};
  for (const [name, source] of Object.entries(functions)) {
    mkdirSync(join(directory, `asset.${name}`), { recursive: true });
    writeFileSync(join(directory, `asset.${name}`, 'index.mjs'), source);
    files[name] = {
      source: { path: `asset.${name}`, packaging: 'zip' },
      destinations: { here: { objectKey: `${name}.zip` } },
    };
  }
  write('app.assets.json', { version: '1', files, dockerImages: {} });
  for (const [name, template] of Object.entries(stacks)) {
    write(`${name}.template.json`, template);
    artifacts[name] = {
      type: 'aws:cloudformation:stack',
      dependencies: ['assets', ...(dependsOn[name] ?? [])],
      properties: { templateFile: `${name}.template.json` },
    };
  }
  write('manifest.json', { version: '1', artifacts });
  return directory;
};

/** A function resource whose code is one of the app's `functions`. */
export const functionOf = (name: string, properties: Readonly<Record<string, unknown>> = {}): Resource => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Bucket: { 'Fn::Sub': `assets-\${AWS::AccountId}` }, S3Key: `${name}.zip` },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: 'arn:aws:iam::000000000000:role/none',
    Timeout: 10,
    ...properties,
  },
});

export const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

/** Waits until `probe` answers something, asking again every few milliseconds. Rejects after `withinMs`. */
export const eventually = async <T>(
  probe: () => T | undefined | false | null | Promise<T | undefined | false | null>,
  withinMs = 10_000,
): Promise<T> => {
  const until = Date.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false && found !== null) return found;
    if (Date.now() > until) throw new Error(`nothing came within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
