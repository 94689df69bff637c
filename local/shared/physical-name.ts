import { createHash } from 'node:crypto';
import type { ResolvedResource } from '../ports.ts';

/** The name of a resource that has none of its own: the same at every start, unique over stacks, at most `max` long. */
export const physicalName = (
  { stack, logicalId }: Pick<ResolvedResource, 'stack' | 'logicalId'>,
  max: number,
) => {
  const full = `${stack}-${logicalId}`;
  if (full.length <= max) return full;
  const digest = createHash('sha256').update(full).digest('hex').slice(0, 8);
  return `${full.slice(0, max - 9)}-${digest}`;
};
