import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { build, type Metafile } from 'esbuild';
import { packRelease } from './self-update/pack-release.ts';

const help = `Builds the gateway

  node edge-greengrass/build.ts [DIR]                           into DIR (default dist/edge-gateway): plain JavaScript for any
                                                                processor that has Node 24; the Greengrass component's artefact
  node edge-greengrass/build.ts [DIR] --version X.Y.Z --sign KEY.pem --release FILE
                                                                and a release that gateways take by themselves, signed with an
                                                                Ed25519 key: openssl genpkey -algorithm ed25519 -out KEY.pem
`;
const entries = {
  'edge-gateway': 'edge-greengrass/main.ts',
  'hashinsight-edge': 'edge-greengrass/hashinsight-edge.ts',
};
const oldestNode = 24;

/**
 * Bundles the gateway and its command into files that Node runs without `node_modules`, with the local page and the
 * systemd units beside them. Returns the gateway's path and the bytes that it loads at its start.
 */
export const buildGateway = async (directory: string, version = '0.0.0') => {
  await mkdir(directory, { recursive: true });
  // Chunks are named by what they hold: those of an earlier build would go into the release, too.
  for (const name of await readdir(directory))
    if (/^(hashinsight-)?edge(-.*)?\.mjs$/.test(name)) await rm(join(directory, name));
  const outfile = join(directory, 'edge-gateway.mjs');
  const root = join(import.meta.dirname, '..');
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    chunkNames: 'edge-gateway-[hash]',
    bundle: true,
    platform: 'node',
    target: `node${oldestNode}`,
    format: 'esm',
    minify: true,
    metafile: true,
    legalComments: 'none',
    define: { __EDGE_VERSION__: JSON.stringify(version) },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  await copyFile(join(import.meta.dirname, 'local-page/page.html'), join(directory, 'page.html'));
  await cp(join(import.meta.dirname, 'deploy'), join(directory, 'deploy'), { recursive: true });
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

const run = async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      version: { type: 'string' },
      sign: { type: 'string' },
      release: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const { version, sign, release } = values;
  const directory = positionals[0] ?? join(import.meta.dirname, '../dist/edge-gateway');
  if (release !== undefined && (version === undefined || sign === undefined))
    throw new Error('A release needs --version and --sign.');
  const { outfile, bytes } = await buildGateway(directory, version);
  process.stdout.write(`${outfile} ${Math.round(bytes / 1024)} KB\n`);
  if (release === undefined || version === undefined || sign === undefined) return;
  const archive = packRelease(directory, { version, node: oldestNode }, await readFile(sign, 'utf8'));
  await writeFile(release, archive);
  process.stdout.write(`${release} ${Math.round(archive.length / 1024)} KB\n`);
};

if (process.argv[1] === import.meta.filename)
  run().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : 'the gateway could not be built');
    process.exitCode = 1;
  });
