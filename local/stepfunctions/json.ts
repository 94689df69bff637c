import * as z from 'zod';

export const json = z.json();
export type Json = z.infer<typeof json>;
export type JsonObject = { [key: string]: Json };

/** Parses text that this service wrote itself, or that passed validation. Throws SyntaxError. */
export const parseJson = (text: string): Json => json.parse(JSON.parse(text));
