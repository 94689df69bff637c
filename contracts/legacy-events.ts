import * as z from 'zod';
import { epochMs } from './identifiers.ts';

/** Payloads of what happens to the legacy API, for contracts/event-catalogue.ts. */
export const legacyEvents = {
  /** The old routes of `000` §8.1 answer again for this site, until then; or, switched off, no more. */
  'legacy.api.switched': z.object({
    enabled: z.boolean(),
    until_ms: epochMs.optional(),
    reason: z.string(),
  }),
} as const;
