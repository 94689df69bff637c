import * as z from 'zod';

/** A JSON object as callers give it and we keep it. */
export const json = z.record(z.string(), z.json());
export type Json = z.infer<typeof json>;
