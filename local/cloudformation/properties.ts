import * as z from 'zod';
import type { ResolvedResource } from '../ports.ts';

/** Templates may write numbers and booleans as text. */
export const cfnNumber = z.coerce.number();
export const cfnBoolean = z.union([
  z.boolean(),
  z.enum(['true', 'false']).transform((text) => text === 'true'),
]);
/** A property that changes nothing on one machine; each use says so by standing in a handler's schema. */
export const noEffect = z.unknown().optional();

/** `HashInsightControl/ApiFunction (AWS::Lambda::Function)`: how every sentence about a resource begins. */
export const nameOf = ({ stack, logicalId, type }: Pick<ResolvedResource, 'stack' | 'logicalId' | 'type'>) =>
  `${stack}/${logicalId} (${type})`;

/**
 * A resource's properties as its handler understands them. Give a strict schema, so that a property which the local
 * service does not know stops the start with a sentence that names the resource. Throws Error.
 */
export const readProperties = <S extends z.ZodType>(resource: ResolvedResource, schema: S): z.output<S> => {
  const parsed = schema.safeParse(resource.properties);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `the local runtime does not support the property ${[...issue.path, issue.keys.join(', ')].join('.')}`
      : `property ${issue.path.join('.')}: ${issue.message}`,
  );
  throw new Error(`${nameOf(resource)}: ${faults.join('; ')}`);
};
