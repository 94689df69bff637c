import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import * as z from 'zod';
import type { Bench } from './bench.ts';

export type PipelineOptions = {
  readonly miners: readonly number[];
  /** Miners a shard. */
  readonly shard: number;
  /** At least so many samples are timed at each size, after so many that are not. */
  readonly samples: number;
  readonly seed: number;
};

const measured = z.object({
  rows: z.int(),
  samplesPerS: z.number(),
  microsPerSample: z.number(),
  wallMicrosPerSample: z.number(),
  decodeMicros: z.number(),
  checkMicros: z.number(),
  stepMicros: z.number(),
  findings: z.int(),
  wireBytesPerSample: z.number(),
  stateBytesPerSample: z.number(),
  heapMb: z.number(),
  rssMb: z.number(),
  peakMb: z.number().optional(),
});
const made = z.object({ valuesPerRow: z.number() });

const two = (value: number) => value.toFixed(2);
/** Until the miners are ramped and their means settled. */
const leastWarmSweeps = 12;
/** Until the compiler has done with the code, whatever the size of the fleet. */
const leastWarmBatches = 1_200;

const run = promisify(execFile);
const withOptions = (options: Record<string, string | number>) =>
  Object.entries(options).map(([name, value]) => `--${name}=${value}`);

/** As a function of the cloud is bundled. */
const bundle = (into: string) =>
  build({
    entryPoints: [join(import.meta.dirname, 'pipeline-run.ts')],
    outfile: into,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    logLevel: 'warning',
  });

/**
 * The ingest path between receiving a batch and writing it: decode, validate, detect, encode the live state. Each size in a process
 * of its own, on one thread, with all batches made before.
 */
export const benchPipeline: Bench<PipelineOptions> = async ({ miners, shard, samples, seed }, watcher) => {
  const directory = mkdtempSync(join(tmpdir(), 'hashinsight-pipeline-'));
  const [program, wires] = [join(directory, 'run.mjs'), join(directory, 'wires')];
  const sizes: (z.output<typeof measured> & z.output<typeof made> & { miners: number; shards: number })[] =
    [];
  try {
    await bundle(program);
    for (const [at, size] of miners.entries()) {
      const each = Math.min(size, shard);
      const shards = Math.ceil(size / each);
      const warm = shards * Math.max(leastWarmSweeps, Math.ceil(leastWarmBatches / shards));
      const sweeps = warm / shards + Math.max(2, Math.ceil(samples / (shards * each)));
      watcher.progress(at, miners.length, `${size} miners: making ${sweeps * shards} batches`);
      const make = withOptions({ miners: each, shards, sweeps, seed, into: wires });
      const { stdout: said } = await run(process.execPath, [
        join(import.meta.dirname, 'pipeline-wires.ts'),
        ...make,
      ]);
      watcher.progress(at, miners.length, `${size} miners`);
      const { stdout } = await run(process.execPath, [
        '--expose-gc',
        program,
        ...withOptions({ miners: each, seed, warm, from: wires }),
      ]);
      sizes.push({
        miners: size,
        shards,
        ...made.parse(JSON.parse(said)),
        ...measured.parse(JSON.parse(stdout)),
      });
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return {
    tables: [
      {
        title: 'Ingest path, one thread',
        rows: sizes.map((size) => ({
          Miners: size.miners,
          'Samples/s': Math.round(size.samplesPerS),
          'µs a sample': two(size.microsPerSample),
          'of it decoding': two(size.decodeMicros),
          'Peak memory, MB': size.peakMb ?? size.rssMb,
          'Heap and buffers after collection, MB': Math.round(size.heapMb),
          'Bytes a sample, wire': two(size.wireBytesPerSample),
          'Bytes a miner, live state beside its rows': two(size.stateBytesPerSample),
        })),
      },
    ],
    figures: { sizes },
    notes: [
      `Batches of ${shard} miners, one sample a minute each, ${two(sizes[0]?.valuesPerRow ?? 0)} values a sample, as the simulator's miners report them. Timed: processor time of the whole process, garbage collection and compilation in other threads with it, that decodes, checks, merges into the live state, runs the detectors and packs the new state; making the batches, DynamoDB, S3 and the bus are not in it. Bundled as the function is. Every state is unpacked anew for every batch, so that a process with 100,000 miners does the same as one with 1,000. After ${leastWarmBatches} batches at least that are not timed.`,
    ],
  };
};
