import * as z from 'zod';

export const place = { siteId: 1, gatewayId: 'gw-outage' };

/** What the benched gateway is told, and what it says when a part has ended. */
export const outageTask = z.object({
  part: z.enum(['spool', 'drain', 'pace']),
  directory: z.string(),
  model: z.string(),
  miners: z.int(),
  minutes: z.int(),
  startMs: z.int(),
  seed: z.int(),
  port: z.int(),
});
export type OutageTask = z.infer<typeof outageTask>;

const memory = z.object({ rssMb: z.number(), peakMb: z.number().optional() });
export const fromGateway = z.discriminatedUnion('said', [
  z.object({ said: z.literal('progress'), done: z.number(), all: z.number(), what: z.string() }),
  z.object({
    said: z.literal('spooled'),
    batches: z.int(),
    payloadBytes: z.int(),
    diskBytes: z.int(),
    writeMs: z.array(z.number()),
    memory,
  }),
  z.object({
    said: z.literal('drained'),
    openMs: z.number(),
    opened: memory,
    seconds: z.number(),
    cpuS: z.number(),
    memory,
  }),
  z.object({
    said: z.literal('paced'),
    virtualS: z.number(),
    freshDelayMs: z.array(z.number()),
    mostPublishes: z.int(),
    mostBytes: z.int(),
    mostFlying: z.int(),
    left: z.int(),
    leftBytes: z.int(),
    sweeps: z.int(),
    counted: z.object({
      batches: z.int(),
      repeated: z.int(),
      readings: z.int(),
      doubled: z.int(),
      foreign: z.int(),
      bytes: z.int(),
    }),
    memory,
  }),
  z.object({ said: z.literal('failed'), reason: z.string() }),
]);
export type FromGateway = z.infer<typeof fromGateway>;
