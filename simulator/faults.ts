import * as z from 'zod';

/**
 * What can go wrong on a simulated site. Several may act on one miner at once. The first group is physical and unfolds
 * in simulated time; the second is in the firmware; the third in its answers.
 */
export const fault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('dead_fan'), fan: z.int().min(1).max(4).default(1) }),
  /** `severity` 1 blocks 60 % of the airflow; it builds up over `overS` simulated seconds. */
  z.strictObject({
    kind: z.literal('dust'),
    severity: z.number().min(0).max(1).default(0.6),
    overS: z.number().min(0).default(600),
  }),
  /** A recoverable board comes back with the next start of the miner; a permanent one does not. */
  z.strictObject({
    kind: z.literal('dead_board'),
    board: z.int().min(1).max(3).default(3),
    recoverable: z.boolean().default(true),
  }),
  /** The supply sags, wastes power and trips every few minutes. */
  z.strictObject({ kind: z.literal('bad_psu') }),
  z.strictObject({ kind: z.literal('pool_rejecting'), share: z.number().min(0).max(1).default(0.4) }),
  z.strictObject({ kind: z.literal('pool_dead'), which: z.enum(['first', 'all']).default('all') }),
  /** The inlet air gets warmer by `riseC`, within a few minutes. For one miner or, with a zone as target, for all of it. */
  z.strictObject({ kind: z.literal('hot_aisle'), riseC: z.number().min(0).max(60).default(28) }),
  /** Hashing stops, the counters stand still, the firmware goes on answering. A restart cures it. */
  z.strictObject({ kind: z.literal('hang') }),
  /** `refuse` closes the port, `blackhole` accepts nothing but the connection. */
  z.strictObject({ kind: z.literal('network_loss'), how: z.enum(['refuse', 'blackhole']).default('refuse') }),
  /** Every write is answered with the vendor's error. */
  z.strictObject({ kind: z.literal('refuses_writes') }),
  /**
   * Writes are accepted, confirmed and shown when read back, but change nothing physical; a restart does happen and
   * cures nothing.
   */
  z.strictObject({ kind: z.literal('no_effect') }),
  /** Writes are carried out, their answer never comes. */
  z.strictObject({ kind: z.literal('lost_answers') }),
  z.strictObject({ kind: z.literal('garbage') }),
  z.strictObject({ kind: z.literal('half_answer') }),
  /** One byte at a time, slower than any patience. */
  z.strictObject({ kind: z.literal('slow_drip') }),
  /** Requests are read and never answered. */
  z.strictObject({ kind: z.literal('silence') }),
]);
export type Fault = z.infer<typeof fault>;
export type FaultInput = z.input<typeof fault>;
export type FaultKind = Fault['kind'];
export const faultKinds: readonly FaultKind[] = fault.options.map((option) => option.shape.kind.value);

/** How the answers of a miner are spoilt on the wire, the worst of its faults first. */
export const wireTroubles = [
  'refuse',
  'blackhole',
  'silence',
  'garbage',
  'half_answer',
  'slow_drip',
] as const;
export type WireTrouble = (typeof wireTroubles)[number];
