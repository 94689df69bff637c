import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { CommandOrder } from '../../contracts/command.ts';

/** SHA-256, in hex, of any JSON in its RFC 8785 form. */
export const hashOf = (value: unknown): string =>
  createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex');

/** What an approval is given to: this order, to exactly these miners, on this course. */
export const selectionHash = (
  siteId: number,
  order: CommandOrder,
  minerIds: readonly string[],
  course: Readonly<Record<string, unknown>> = {},
): string => hashOf({ siteId, order, minerIds: minerIds.toSorted(), ...course });
