import * as z from 'zod';

/** Bytes of base64url as text of one byte a character; undefined where they are none. */
const decode = (text: string) => {
  try {
    return atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return undefined;
  }
};

/**
 * Where a page of a list goes on, as its `next_cursor` said: opaque text on the wire, and when parsed the name of the
 * page's last entry, which must have the form that such names have. Tenant and site come from the query alone.
 */
export const pageCursor = (name: z.ZodType<string, string>) =>
  z
    .string()
    .max(500)
    .transform((text, context) => {
      const parsed = name.safeParse(decode(text));
      if (parsed.success) return parsed.data;
      context.addIssue('is not a cursor of this list');
      return z.NEVER;
    })
    .optional();
