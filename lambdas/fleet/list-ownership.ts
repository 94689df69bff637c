import { toUtc } from '../shared/clock.ts';
import type { StoredMiner } from './fleet-keys.ts';
import { always, spansBetween } from './ownership.ts';

export type OwnershipQuery = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly customer_id?: string | undefined;
  readonly miner_id?: string | undefined;
  readonly limit: number;
  /** The last miner of the page before. */
  readonly cursor?: string | undefined;
};

/** Who owned which machines within an interval, by miner and time; a page holds each of its miners whole. */
export const ownershipsBetween = (
  miners: readonly StoredMiner[],
  { fromMs, toMs, customer_id, miner_id, limit, cursor }: OwnershipQuery,
  isSeen: (customerId: string) => boolean,
) => {
  const wanted = miners
    .filter(
      (one) =>
        (miner_id === undefined || one.miner_id === miner_id) &&
        (cursor === undefined || one.miner_id > cursor),
    )
    .sort((a, b) => (a.miner_id < b.miner_id ? -1 : 1));
  const ownerships: { miner_id: string; customer_id: string; from: string; to: string }[] = [];
  for (const [at, one] of wanted.entries()) {
    const registeredMs = Date.parse(one.registered_at ?? toUtc(always));
    for (const span of spansBetween(one.owners, fromMs, toMs)) {
      const { customerId } = span;
      if (customerId === null || !isSeen(customerId)) continue;
      if (customer_id !== undefined && customerId !== customer_id) continue;
      const startMs = span.isFirst ? Math.max(span.fromMs, registeredMs) : span.fromMs;
      if (startMs < span.toMs)
        ownerships.push({
          miner_id: one.miner_id,
          customer_id: customerId,
          from: toUtc(startMs),
          to: toUtc(span.toMs),
        });
    }
    if (ownerships.length >= limit && at + 1 < wanted.length) return { ownerships, lastMiner: one.miner_id };
  }
  return { ownerships };
};
