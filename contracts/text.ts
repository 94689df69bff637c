import * as z from 'zod';

/** A sentence that the product writes, in both languages that it speaks. */
export const text = z.strictObject({ en: z.string().min(1), zh: z.string().min(1) });
export type Text = z.infer<typeof text>;

/** The languages of the product. */
export type Language = keyof Text;
