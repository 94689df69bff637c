import { createHash } from 'node:crypto';
import type { TelemetryReceipt } from '../../contracts/telemetry-receipt.ts';
import { type LiveHead, sequencesOf } from './live-repository.ts';
import { receiptOf } from './sequence-state.ts';

/** What a gateway was sent last. */
export type SentReceipt = { readonly digest: string; readonly sentMs: number };
export type DueReceipt = { readonly receipt: TelemetryReceipt; readonly sent: SentReceipt };

/** As many shards as a receipt takes (contracts/telemetry-receipt.ts). */
const mostShards = 500;

/**
 * The receipts of a site that are due: of each gateway of whose shards one has changed since its last receipt, or that has sent
 * again what had come.
 */
export const dueReceipts = (
  heads: readonly LiveHead[],
  sentBefore: ReadonlyMap<string, SentReceipt>,
  nowMs: number,
): DueReceipt[] =>
  [...Map.groupBy(heads, ({ gateway_id }) => gateway_id)].flatMap(([gatewayId, ofGateway]): DueReceipt[] => {
    const shards = shardsOf(ofGateway);
    const digest = createHash('sha256').update(JSON.stringify(shards)).digest('base64url').slice(0, 22);
    const before = sentBefore.get(gatewayId);
    const asked = ofGateway.some(({ asked_ms = 0 }) => asked_ms >= (before?.sentMs ?? 0));
    const receipt = receiptFor(ofGateway, gatewayId, nowMs);
    if (!receipt || (before?.digest === digest && !asked)) return [];
    return [{ receipt, sent: { digest, sentMs: nowMs } }];
  });

const shardsOf = (ofGateway: readonly LiveHead[]) => {
  // Those that a gateway has long given up do not keep out the others.
  const latest = ofGateway.toSorted((a, b) => b.received_at_ms - a.received_at_ms).slice(0, mostShards);
  return latest
    .map((head) => ({ shard: head.shard, ...receiptOf(sequencesOf(head)) }))
    .toSorted((a, b) => a.shard - b.shard);
};

/** A gateway's receipt as of now; undefined where nothing of it has come. */
export const receiptFor = (
  heads: readonly LiveHead[],
  gatewayId: string,
  nowMs: number,
): TelemetryReceipt | undefined => {
  const ofGateway = heads.filter((head) => head.gateway_id === gatewayId);
  const [first] = ofGateway;
  return (
    first && {
      version: 1,
      siteId: first.site_id,
      gatewayId,
      issuedAtMs: nowMs,
      shards: shardsOf(ofGateway),
    }
  );
};
