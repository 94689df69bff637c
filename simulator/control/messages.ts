import * as z from 'zod';
import { fault, faultKinds } from '../faults.ts';
import { inventoryEntry } from '../site/inventory.ts';
import { physicalState } from '../site/physical.ts';
import { siteSummarySchema } from '../site/site-summary.ts';

/** The messages of the simulator's control API: HTTP and JSON on loopback. */
export const health = z.strictObject({ status: z.literal('ok'), miners: z.int(), speed: z.number() });
export const inventory = z.strictObject({ miners: z.array(inventoryEntry) });
export const faultOrder = z.strictObject({
  /** A miner's id or a zone's. */
  target: z.string().min(1).max(64),
  fault,
});
export const speedOrder = z.strictObject({ speed: z.number().positive().max(1000) });
export const done = z.strictObject({ status: z.literal('done') });
export const problem = z.strictObject({ error: z.string() });
export const faultKindText = z.enum(faultKinds);
export { physicalState, siteSummarySchema };

/** The line that the simulator's process prints when it is ready. */
export const readyLine = z.strictObject({
  ready: z.literal(true),
  controlUrl: z.url(),
  miners: z.int(),
  speed: z.number(),
  seed: z.int(),
});
export type ReadyLine = z.infer<typeof readyLine>;
