import * as z from 'zod';
import { ranks, roles } from './access.ts';
import { siteId, userId } from './identifiers.ts';

/** Where the browser goes after sign-in: a path of this site only. */
export const loginQuery = z.strictObject({
  return_to: z
    .string()
    .regex(/^\/(?![/\\])[^\s\\]{0,500}$/, 'must be a path on this site')
    .default('/'),
});

/** What the identity provider appends; other parameters that it may add are ignored. */
export const callbackQuery = z.object({
  state: z.string().min(1),
  code: z.string().min(1).optional(),
  error: z.string().optional(),
});

export const sessionAnswer = z.strictObject({
  user: z.strictObject({
    id: userId,
    name: z.string(),
    role: z.enum(roles),
    rank: z.enum(ranks),
    site_ids: z.union([z.literal('all'), z.array(siteId)]),
  }),
  expires_at: z.string(),
  /** The account has a second factor, and nothing else is open to the session until it is shown. */
  awaits_code: z.literal(true).optional(),
});

export const signedOut = z.strictObject({ success: z.literal(true) });
