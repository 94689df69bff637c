import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import type { FromWorker, WorkerSettings } from '../local/lambda/worker-messages.ts';
import { workerSource } from '../local/lambda/worker-source.ts';
import type { BundledFunction } from './bundled-functions.ts';

/** Nobody listens there: a function that calls somebody during its initialisation fails. */
const nowhere = 'http://127.0.0.1:9';
const lambdaEnvironment = {
  AWS_REGION: 'us-east-1',
  AWS_ENDPOINT_URL: nowhere,
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_LAMBDA_FUNCTION_NAME: 'bench',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
};

const measured = z.object({ initMs: z.number() });
const importOnce = `
const { performance } = await import('node:perf_hooks');
const begun = performance.now();
const { handler } = await import(process.argv[1]);
const initMs = performance.now() - begun;
if (typeof handler !== 'function') throw new TypeError('no handler');
process.stdout.write(JSON.stringify({ initMs }), () => process.exit(0));`;

/** Milliseconds that importing the bundle takes in a new process, without any compile cache. */
export const coldStartInProcess = ({ name, file, environment }: BundledFunction): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', importOnce, '--', pathToFileURL(file).href],
      { env: { ...lambdaEnvironment, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(measured.parse(JSON.parse(output)).initMs);
      else reject(new Error(`${name} did not start (${code}): ${errors.slice(-2_000)}`));
    });
  });

/** Milliseconds until a worker of the local runtime has the handler, with the compile cache that it keeps between starts. */
export const coldStartInWorker = async (
  { name, file, environment, memoryMb }: BundledFunction,
  compileCacheDir: string,
): Promise<number> => {
  const settings: WorkerSettings = {
    codeDir: dirname(file),
    handler: 'index.handler',
    functionName: name,
    functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    memoryMb,
    logStream: 'bench',
    compileCacheDir,
  };
  const worker = new Worker(workerSource(), {
    workerData: settings,
    env: { ...lambdaEnvironment, ...environment },
    stdout: true,
    stderr: true,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (message: FromWorker) => {
        if (message.kind === 'ready') resolve(message.initMs);
        else
          reject(
            new Error(
              `${name} did not start: ${message.kind === 'initFailed' ? message.errorMessage : message.kind}`,
            ),
          );
      });
    });
  } finally {
    await worker.terminate();
  }
};
