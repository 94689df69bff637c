import * as z from 'zod';

export const victimStartMs = 5_666_667 * 300_000;

/** What a spool that is about to be killed says: after a put or hand returned, and before a receipt is taken. */
export const fromVictim = z.discriminatedUnion('did', [
  z.object({ did: z.literal('open') }),
  z.object({
    did: z.literal('put'),
    shard: z.int(),
    miners: z.int(),
    atMs: z.int(),
    sequences: z.array(z.int()),
  }),
  z.object({ did: z.literal('hand'), sequence: z.int(), digest: z.string() }),
  z.object({ did: z.literal('cover'), shard: z.int(), through: z.int() }),
]);
export type FromVictim = z.infer<typeof fromVictim>;
