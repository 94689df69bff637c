import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build, type Metafile } from 'esbuild';

/**
 * Bundles the gateway into files that Node runs without `node_modules`: the artefact of the Greengrass component. Returns the
 * entry's path and the bytes that it loads at its start. `node edge-greengrass/build.ts [DIR]` builds into `dist/edge-gateway`.
 */
export const buildGateway = async (directory: string) => {
  await mkdir(directory, { recursive: true });
  const outfile = join(directory, 'edge-gateway.mjs');
  const root = join(import.meta.dirname, '..');
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { 'edge-gateway': 'edge-greengrass/main.ts' },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    chunkNames: 'edge-gateway-[hash]',
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
  return { outfile, bytes: loadedAtStart(metafile, relative(root, outfile)) };
};

/** The entry and the chunks that it imports at once; the clouds' SDKs are loaded only by gateways that use them. */
const loadedAtStart = ({ outputs }: Metafile, entry: string): number => {
  const seen = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { path: next, kind } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement') visit(next);
  };
  visit(entry);
  return [...seen].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
};

if (process.argv[1] === import.meta.filename) {
  const { outfile, bytes } = await buildGateway(
    process.argv[2] ?? join(import.meta.dirname, '../dist/edge-gateway'),
  );
  process.stdout.write(`${outfile} ${Math.round(bytes / 1024)} KB\n`);
}
