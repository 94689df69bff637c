import * as z from 'zod';

/** What the bench tells the process of a gateway. */
export const sweepTask = z.object({
  /** The file of a gateway's configuration. */
  configPath: z.string(),
  directory: z.string(),
  depth: z.enum(['core', 'full']),
  /** Measured sweeps, after two that are not. */
  sweeps: z.int(),
});
export type SweepTask = z.infer<typeof sweepTask>;

export type Measured = {
  readonly identified: number;
  readonly asked: number;
  readonly unreachable: number;
  /** Of every measured sweep. */
  readonly tookMs: readonly number[];
  /** Until the last batch of a shard's first readings was on the disk. */
  readonly deliveredMs: readonly number[];
  readonly cpuMs: readonly number[];
  /** Of every miner that answered, over all measured sweeps, milliseconds from its seat to its reading. */
  readonly ask: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Packed, of one sweep. */
  readonly batchBytes: number;
  readonly rssMb: number;
  readonly peakMb: number | undefined;
};
export type FromSweeper =
  | { readonly said: 'progress'; readonly done: number; readonly all: number }
  | { readonly said: 'done'; readonly measured: Measured }
  | { readonly said: 'failed'; readonly reason: string };
