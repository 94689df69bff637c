import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import type { Bench } from './bench.ts';

export type PipelineOptions = {
  readonly miners: readonly number[];
  /** Miners a shard. */
  readonly shard: number;
  /** At least so many samples are timed at each size. */
  readonly samples: number;
  readonly seed: number;
};

const measured = z.object({
  miners: z.int(),
  shards: z.int(),
  rows: z.int(),
  valuesPerRow: z.number(),
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

const two = (value: number) => value.toFixed(2);

/**
 * The ingest path between receiving a batch and writing it: decode, validate, detect, encode the live state. Each size in a process
 * of its own, on one thread.
 */
export const benchPipeline: Bench<PipelineOptions> = async ({ miners, shard, samples, seed }, watcher) => {
  const sizes: z.output<typeof measured>[] = [];
  for (const [at, size] of miners.entries()) {
    watcher.progress(at, miners.length, `${size} miners`);
    const given = { miners: size, shard, samples, seed };
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      join(import.meta.dirname, 'pipeline-run.ts'),
      ...Object.entries(given).map(([name, value]) => `--${name}=${value}`),
    ]);
    sizes.push(measured.parse(JSON.parse(stdout)));
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
      `Batches of ${shard} miners, one sample a minute each, ${two(sizes[0]?.valuesPerRow ?? 0)} values a sample, as the simulator's miners report them. Timed: processor time of the thread that decodes, checks, merges into the live state, runs the detectors and packs the new state; making the batches, DynamoDB, S3 and the bus are not in it. Every state is unpacked anew for every batch, so that a process with 100,000 miners does the same as one with 1,000.`,
    ],
  };
};
