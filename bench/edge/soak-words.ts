import * as z from 'zod';

export const soakTask = z.object({
  /** The file of a gateway's configuration. */
  configPath: z.string(),
  directory: z.string(),
  /** How long the line is up and then down, by turns. */
  lineMs: z.int(),
});

/** What the gateway says after every sweep. */
export const sweepSaid = z.object({
  said: z.literal('sweep'),
  atMs: z.number(),
  tookMs: z.number(),
  asked: z.int(),
  unreachable: z.int(),
  skipped: z.int(),
  /** Once the sweep has ended and nothing is asked: miners' connections that are open all the same. */
  openSockets: z.int(),
  rssMb: z.number(),
  heapMb: z.number(),
});
export type SweepSaid = z.infer<typeof sweepSaid>;
export const soakSaid = z.discriminatedUnion('said', [
  sweepSaid,
  z.object({ said: z.literal('ended'), lost: z.int(), batches: z.int(), spoolBytes: z.int() }),
  z.object({ said: z.literal('failed'), reason: z.string() }),
]);
export type SoakSaid = z.infer<typeof soakSaid>;
