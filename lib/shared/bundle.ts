import { globSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import { build } from 'esbuild';
import { environmentCredentialsOnly, plainSchemaKeys } from './lambda-bundling.ts';

const root = join(import.meta.dirname, '..', '..');
export const bundleDir = join(root, 'dist', 'lambdas');

/** Lambda entry points by convention: every `on-*.ts`, `handle-*.ts` and `task-*.ts` below `lambdas/`. */
export const entryPoints = () =>
  globSync('lambdas/*/{on,handle,task}-*.ts', { cwd: root })
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => file.split(sep).join('/'))
    .toSorted();

/** Where the bundle of an entry point lies: a directory with one `index.mjs`. */
export const bundleOf = (entry: string) =>
  join(bundleDir, entry.replace(/^lambdas\//, '').replace(/\.ts$/, ''));

/**
 * Bundles all functions in one esbuild run, each into a directory of its own, with the AWS SDK inside (so that the
 * function runs the versions that were tested, and runs where no SDK is provided), and removes what has no entry point
 * any more. Returns bytes per entry point.
 */
export const bundleLambdas = async () => {
  const entries = entryPoints();
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(
      entries.map((entry) => [join(entry.replace(/^lambdas\//, '').replace(/\.ts$/, ''), 'index'), entry]),
    ),
    outdir: bundleDir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    plugins: [environmentCredentialsOnly, plainSchemaKeys],
    logLevel: 'warning',
  });
  const wanted = new Set(entries.map(bundleOf));
  for (const directory of globSync('*/*', { cwd: bundleDir }).map((one) => join(bundleDir, one)))
    if (!wanted.has(directory)) rmSync(directory, { recursive: true, force: true });
  return Object.entries(metafile.outputs).map(([file, { bytes }]) => ({ file, bytes }));
};
