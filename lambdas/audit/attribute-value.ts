import * as z from 'zod';

/**
 * A DynamoDB value with its type tag, as streams and exports write it, parsed into the plain value. Knows the types that
 * audit items are made of; another one is a parse error.
 */
const attributeValue: z.ZodType<unknown> = z.lazy(() =>
  z.union([
    z.object({ S: z.string() }).transform(({ S }) => S),
    z.object({ N: z.string() }).transform(({ N }) => Number(N)),
    z.object({ BOOL: z.boolean() }).transform(({ BOOL }) => BOOL),
    z.object({ NULL: z.literal(true) }).transform(() => null),
    z.object({ B: z.base64().or(z.instanceof(Uint8Array)) }).transform(({ B }) => B),
    z.object({ L: z.array(attributeValue) }).transform(({ L }) => L),
    z.object({ M: z.record(z.string(), attributeValue) }).transform(({ M }) => M),
  ]),
);

/** A whole tagged item. */
export const taggedItem = z.record(z.string(), attributeValue);
