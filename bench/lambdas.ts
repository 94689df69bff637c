import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildStacks } from '../local/build.ts';
import type { Bench } from './bench.ts';
import { bundledFunctions } from './bundled-functions.ts';
import { coldStartInProcess, coldStartInWorker } from './cold-start.ts';
import { spreadOf } from './quantiles.ts';
import { aimed } from './table.ts';

export type LambdasOptions = { readonly runs: number; readonly only: string };

export const aims = { bundleKb: 500, initMs: 150 } as const;
const kb = (bytes: number) => Math.round(bytes / 100) / 10;

/** Bundle size and initialisation of every function, one start at a time. */
export const benchLambdas: Bench<LambdasOptions> = async ({ runs, only }, { say, progress }) => {
  say('Building the stacks');
  await buildStacks();
  const functions = bundledFunctions().filter(({ name }) => name.includes(only));
  if (functions.length === 0) throw new Error(`No function's name contains ${only}`);
  const compileCacheDir = mkdtempSync(join(tmpdir(), 'hashinsight-bench-'));
  try {
    const figures = [];
    let done = 0;
    for (const one of functions) {
      const inProcess: number[] = [];
      const inWorker: number[] = [];
      // The first start of each kind fills the disk's cache and the compile cache, and is not counted.
      await coldStartInProcess(one);
      await coldStartInWorker(one, compileCacheDir);
      for (let run = 0; run < runs; run++) {
        inProcess.push(await coldStartInProcess(one));
        inWorker.push(await coldStartInWorker(one, compileCacheDir));
        done += 1;
        progress(done, runs * functions.length, one.name);
      }
      figures.push({
        name: one.name,
        bundleKb: kb(one.bytes),
        gzipKb: kb(one.gzipBytes),
        memoryMb: one.memoryMb,
        processMs: spreadOf(inProcess),
        workerMs: spreadOf(inWorker),
      });
    }
    const over = figures.filter(
      ({ bundleKb, processMs }) => bundleKb > aims.bundleKb || processMs.p50 > aims.initMs,
    );
    return {
      figures: { aims, functions: figures },
      tables: [
        {
          title: `Bundles and initialisation, ${runs} starts each`,
          rows: figures.map(({ name, bundleKb, gzipKb, processMs, workerMs }) => ({
            function: name,
            KB: aimed(bundleKb, aims.bundleKb),
            'KB gzip': gzipKb,
            'init p50 ms': aimed(processMs.p50, aims.initMs),
            'init p99 ms': aimed(processMs.p99, aims.initMs),
            'worker p50 ms': workerMs.p50,
            'worker p99 ms': workerMs.p99,
          })),
        },
      ],
      notes: [
        'init: import of the bundle in a new Node process without a compile cache. worker: the same in a worker thread of the local runtime, which keeps a compile cache.',
        over.length === 0
          ? `All ${figures.length} functions are within ${aims.bundleKb} KB and ${aims.initMs} ms (p50).`
          : `${over.length} of ${figures.length} functions are beyond ${aims.bundleKb} KB or ${aims.initMs} ms (p50).`,
      ],
    };
  } finally {
    rmSync(compileCacheDir, { recursive: true, force: true });
  }
};
