import * as z from 'zod';

const many = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
/** A statement as CDK's grants write it; NotAction, NotResource and anything else stop the start. */
const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: many,
  Resource: many,
  Condition: z.record(z.string(), z.unknown()).optional(),
});
export const policyDocument = z.object({
  Statement: z.union([statement.transform((one) => [one]), z.array(statement)]),
});
export type Statement = z.infer<typeof statement>;

const patterns = new Map<string, RegExp>();
/** `*` stands for any characters, `?` for one. */
const fits = (pattern: string, text: string): boolean => {
  let known = patterns.get(pattern);
  if (!known) {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.');
    known = new RegExp(`^${source}$`, 'is');
    patterns.set(pattern, known);
  }
  return known.test(text);
};

/** One thing that a caller does with one resource: `dynamodb:PutItem` and a table's ARN. */
export type Act = { readonly action: string; readonly resource: string };

/**
 * Whether these statements of a role let it act so: one allows it and none denies it. Conditions are not weighed: what is allowed under
 * one counts as allowed, what is denied under one does not count.
 */
export const isAllowed = (statements: readonly Statement[], { action, resource }: Act): boolean => {
  const fitting = statements.filter(
    ({ Action, Resource }) =>
      Action.some((one) => fits(one, action)) && Resource.some((one) => fits(one, resource)),
  );
  return (
    fitting.some(({ Effect }) => Effect === 'Allow') &&
    !fitting.some(({ Effect, Condition }) => Effect === 'Deny' && !Condition)
  );
};
