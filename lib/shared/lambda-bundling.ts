import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * A function's credentials come from its environment, so the SDK's chain for laptops and servers (files, SSO, STS,
 * instance metadata: 140 KB) is replaced by the one provider that Lambda uses.
 */
export const environmentCredentialsOnly: Plugin = {
  name: 'environment-credentials-only',
  setup: ({ onResolve, onLoad }) => {
    const namespace = 'environment-credentials';
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ path, resolveDir }) => ({
      path,
      namespace,
      pluginData: resolveDir,
    }));
    onLoad({ filter: /.*/, namespace }, ({ pluginData }: { pluginData: string }) => ({
      contents: "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env'",
      resolveDir: pluginData,
    }));
  },
};

const constant = /^const (_\w+) = ("[^"\\]*");$/gm;
const computedKey = /\[(_\w+)\]:/g;

/**
 * The SDK writes the keys of its schemas as constants: `{ [_h]: 1 }`. To esbuild a computed key may have an effect, so it keeps
 * the schemas of operations that nobody calls (100 KB of IoT, 40 KB of S3). With the keys spelt out it drops them.
 */
export const plainSchemaKeys: Plugin = {
  name: 'plain-schema-keys',
  setup: ({ onLoad }) => {
    onLoad({ filter: /@aws-sdk[\\/].*[\\/]schemas_\d+\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const values = new Map([...source.matchAll(constant)].map(([, name, value]) => [name, value]));
      return {
        contents: source.replace(computedKey, (key, name) =>
          values.has(name) ? `${values.get(name)}:` : key,
        ),
        loader: 'js',
      };
    });
  },
};
