import * as z from 'zod';

const keySchema = z.record(z.string(), z.union([z.string(), z.number()]));

/** A page's end as opaque text for `next_cursor`. It carries keys only; the query it continues fixes tenant and site anew. */
export const toCursor = (key: Record<string, unknown> | undefined) =>
  key && Buffer.from(JSON.stringify(key)).toString('base64url');

/** The key of a cursor, or undefined where it is not one of ours. */
export const fromCursor = (cursor: string) => {
  try {
    return keySchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    return undefined;
  }
};
