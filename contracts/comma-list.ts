import * as z from 'zod';

/** Several values in one query parameter, separated by commas; each must fit, and there may be at most `most`. */
export const commaList = <T>(one: z.ZodType<T, string>, most: number) =>
  z
    .string()
    .min(1)
    .max(most * 70)
    .transform((text, context): readonly T[] => {
      const parts = text.split(',').map((part) => part.trim());
      if (parts.length > most) {
        context.addIssue(`names ${parts.length} values; the limit is ${most}`);
        return z.NEVER;
      }
      const values: T[] = [];
      for (const part of parts) {
        const parsed = one.safeParse(part);
        if (!parsed.success) {
          context.addIssue(`${JSON.stringify(part.slice(0, 70))} ${parsed.error.issues[0]?.message ?? ''}`);
          return z.NEVER;
        }
        values.push(parsed.data);
      }
      return values;
    });
