import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles the gateway into one file that Node runs without `node_modules`: the artefact of the Greengrass component.
 * Returns the file's path and size in bytes. `node edge-greengrass/build.ts [DIR]` builds into `dist/edge-gateway`.
 */
export const buildGateway = async (directory: string) => {
  await mkdir(directory, { recursive: true });
  const outfile = join(directory, 'edge-gateway.mjs');
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, 'main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    metafile: true,
    legalComments: 'none',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return { outfile, bytes: Object.values(metafile.outputs)[0]?.bytes ?? 0 };
};

if (process.argv[1] === import.meta.filename) {
  const { outfile, bytes } = await buildGateway(
    process.argv[2] ?? join(import.meta.dirname, '../dist/edge-gateway'),
  );
  process.stdout.write(`${outfile} ${Math.round(bytes / 1024)} KB\n`);
}
