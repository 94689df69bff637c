import * as z from 'zod';
import { customerId, epochMs } from '../../contracts/identifiers.ts';

/** From `from_ms` on the machine is this customer's, or nobody's, until the next turn. */
const turn = z.strictObject({ from_ms: epochMs, customer_id: customerId.nullable() });
/** The first turn of a machine that came with its owner: whatever it did before it was registered is the owner's, too. */
export const always = 0;

/** A machine's owners, the earliest first; before the first it is nobody's. */
export const turns = z.array(turn);
export type Turns = readonly z.infer<typeof turn>[];

/** More changes of owner than this one machine does not have. */
export const mostTurns = 200;

/** Whose a machine is at a time. */
export const ownerAt = (owners: Turns, atMs: number): string | undefined =>
  owners.findLast(({ from_ms }) => from_ms <= atMs)?.customer_id ?? undefined;

/** Whose it is from a time on, whatever was said before of the time after it. */
export const handOver = (owners: Turns, customer: string | null, fromMs: number): Turns => {
  const before = owners.filter(({ from_ms }) => from_ms < fromMs);
  return (before.at(-1)?.customer_id ?? null) === customer
    ? before
    : [...before, { from_ms: fromMs, customer_id: customer }];
};

export type Span = {
  readonly customerId: string | null;
  readonly fromMs: number;
  readonly toMs: number;
  /** The turn that a machine came with. */
  readonly isFirst: boolean;
};

/** The turns as intervals within [fromMs, toMs), cut to it; times of nobody are among them. */
export const spansBetween = (owners: Turns, fromMs: number, toMs: number): Span[] =>
  owners.flatMap(({ from_ms, customer_id }, at) => {
    const span = {
      customerId: customer_id,
      fromMs: Math.max(from_ms, fromMs),
      toMs: Math.min(owners[at + 1]?.from_ms ?? toMs, toMs),
      isFirst: from_ms === always,
    };
    return span.fromMs < span.toMs ? [span] : [];
  });

/** Whether the machine was one of these customers' for the whole of [fromMs, toMs). */
export const isOwnedThrough = (
  owners: Turns,
  customers: readonly string[],
  fromMs: number,
  toMs: number,
): boolean => {
  let coveredMs = fromMs;
  for (const span of spansBetween(owners, fromMs, toMs)) {
    if (span.customerId === null || !customers.includes(span.customerId) || span.fromMs > coveredMs)
      return false;
    coveredMs = span.toMs;
  }
  return coveredMs >= toMs;
};
