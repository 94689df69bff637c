import * as z from 'zod';

/** What the bench tells the process that scans. */
export const scanTask = z.object({
  addresses: z.string(),
  /** Addresses begun per second, where it is not the usual rate. */
  perS: z.int().optional(),
});
export type ScanTask = z.infer<typeof scanTask>;

export type Scanned = {
  readonly found: number;
  readonly others: number;
  readonly starved: number;
  readonly tookMs: number;
  readonly cpuMs: number;
  readonly peakSockets: number;
  readonly peakMb: number;
};
export type FromScanner =
  | { readonly said: 'progress'; readonly done: number; readonly all: number }
  | { readonly said: 'done'; readonly scanned: Scanned }
  | { readonly said: 'failed'; readonly reason: string };
