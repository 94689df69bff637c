import * as z from 'zod';
import { type ReadingField, readingFieldNames } from './reading.ts';

const wireNames = new Map(
  readingFieldNames.map((field) => [field, field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]),
);
const byWireName = new Map([...wireNames].map(([field, name]) => [name, field]));

/** A reading's field as the API writes it: `hashrateThs` is `hashrate_ths`. */
export const wireNameOf = (field: ReadingField) => wireNames.get(field) ?? field;

/** A field by its name on the wire. */
export const readingFieldText = z.string().transform((name, context): ReadingField => {
  const field = byWireName.get(name);
  if (field) return field;
  context.addIssue('is not a field of a reading');
  return z.NEVER;
});
