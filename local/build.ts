import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inTurn } from './build-turn.ts';

export const root = join(import.meta.dirname, '..');
export const cdkOut = join(root, 'cdk.out');
export const consoleDir = join(root, 'dist', 'console');

/** A fingerprint of everything that a build reads, so that an unchanged tree is not built again. */
const fingerprint = (patterns: readonly string[]) => {
  const hash = createHash('sha256');
  for (const file of globSync([...patterns], {
    cwd: root,
    exclude: (name) => name.endsWith('node_modules'),
  }).toSorted()) {
    if (/\.test\.tsx?$/.test(file)) continue;
    try {
      hash
        .update(file)
        .update('\0')
        .update(readFileSync(join(root, file)));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EISDIR')) throw error;
    }
  }
  return hash.digest('hex');
};

const unlessFresh = async (
  name: string,
  patterns: readonly string[],
  output: string,
  make: () => Promise<void>,
) => {
  const stamp = join(root, '.cache', `${name}.sha256`);
  const now = fingerprint(patterns);
  const isFresh = () => existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now;
  if (isFresh()) return;
  await inTurn(join(root, '.cache', `${name}.lock`), async () => {
    if (isFresh()) return;
    await make();
    writeFileSync(stamp, now);
  });
};

/** Runs a script of this project with the running Node. Rejects with its last lines when it fails. */
const runNode = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  new Promise<void>((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let tail = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (tail = (tail + chunk.toString('utf8')).slice(-4000)));
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${args[0]} ended with ${code}:\n${tail}`)),
    );
  });

/** Synthesises the stacks into cdk.out, unless nothing that they are made of has changed. */
export const buildStacks = () =>
  unlessFresh(
    'stacks',
    ['bin/**', 'lib/**', 'lambdas/**', 'contracts/**', 'statemachines/**', 'cdk.json', 'package-lock.json'],
    join(cdkOut, 'manifest.json'),
    () => runNode(['bin/hashinsight.ts'], { CDK_OUTDIR: cdkOut }),
  );

/** Builds the web console into dist/console, unless nothing that it is made of has changed. */
export const buildConsole = () =>
  unlessFresh(
    'console',
    ['console/**', 'contracts/**', 'package-lock.json'],
    join(consoleDir, 'index.html'),
    () =>
      runNode([join('node_modules', 'vite', 'bin', 'vite.js'), 'build', 'console', '--logLevel', 'error']),
  );
