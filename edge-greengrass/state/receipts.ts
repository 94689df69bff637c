import { type SequenceGap, type TelemetryGone, telemetryReceipt } from '../../contracts/telemetry-receipt.ts';
import type { Log } from '../log.ts';
import type { Spool } from './spool.ts';

type Deps = {
  readonly spool: Spool;
  readonly place: { readonly siteId: number; readonly gatewayId: string };
  readonly nowMs: () => number;
  readonly log: Log;
  readonly gone: (gaps: TelemetryGone['gone']) => void;
  /** Called when something may wait to be sent again. */
  readonly wake: () => void;
};

const counter = 'receipt_issued_ms';
/** A batch that was sent less than this ago may still be on its way through the cloud. */
const settleMs = 2 * 60_000;
/** What was said of a gap stands for so long before it is said again. */
const repeatGoneMs = 5 * 60_000;
const mostGone = 200;

const jsonOf = (payload: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return undefined;
  }
};

/**
 * Takes the cloud's receipts: forgets what they cover of what was sent, sends again what they miss, and tells the cloud what is
 * gone. An older receipt than the last one is ignored, since what it misses may have been filled and forgotten meanwhile.
 */
export const receiptTaker = ({ spool, place, nowMs, log, gone, wake }: Deps) => {
  const saidGone = new Map<string, number>();

  /**
   * Of a gap, what no batch of the spool stands for. Where the link of the batch behind the gap is not known any more, what is
   * left of the gap is judged when the batches within it have arrived.
   */
  const missingOf = (shard: number, { after, before }: SequenceGap): SequenceGap[] => {
    const missing: SequenceGap[] = [];
    let reached = after;
    for (const { sequence, previous } of spool.between(shard, after, before)) {
      if (previous > reached) missing.push({ after: reached, before: sequence });
      reached = sequence;
      spool.ask(sequence, settleMs);
    }
    const link = spool.linkOf(before);
    const isOpen = link === undefined ? reached === after : link > reached;
    if (isOpen) missing.push({ after: reached, before });
    return missing;
  };

  const isNews = ({ shard, after, before }: TelemetryGone['gone'][number]) => {
    const key = `${shard}:${after}:${before}`;
    const saidMs = saidGone.get(key);
    if (saidMs !== undefined && nowMs() - saidMs < repeatGoneMs) return false;
    saidGone.set(key, nowMs());
    return true;
  };

  return (payload: Uint8Array) => {
    const parsed = telemetryReceipt.safeParse(jsonOf(payload));
    if (!parsed.success) return log('warn', 'receipt_not_understood');
    const receipt = parsed.data;
    if (receipt.siteId !== place.siteId || receipt.gatewayId !== place.gatewayId)
      return log('warn', 'receipt_not_ours');
    if (receipt.issuedAtMs < spool.state.counter(counter)) return;
    for (const [key, saidMs] of saidGone) if (nowMs() - saidMs >= repeatGoneMs) saidGone.delete(key);
    spool.state.transact(() => {
      spool.state.setCounter(counter, receipt.issuedAtMs);
      const lost: TelemetryGone['gone'] = [];
      for (const { shard, through, highest, gaps } of receipt.shards) {
        if (spool.skipTo(highest)) log('warn', 'sequences_skipped', { shard });
        // The batch behind a gap is kept until the gap is closed: its link says where the gap ends.
        let covered = 0;
        const ordered = gaps.toSorted((a, b) => a.after - b.after);
        for (const gap of ordered) {
          spool.forgetCovered(shard, covered, Math.max(through, gap.after));
          covered = gap.before;
          for (const missing of missingOf(shard, gap)) lost.push({ shard, ...missing });
        }
        spool.forgetCovered(shard, covered, Math.max(through, highest));
      }
      const news = lost.filter(isNews);
      for (let at = 0; at < news.length; at += mostGone) gone(news.slice(at, at + mostGone));
    });
    spool.shrink();
    wake();
  };
};
