import { decodeBatchColumns, encodeBatchColumns, maxBatchRows } from '../../contracts/telemetry-batch.ts';
import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { everySecond, gather, type RowOrder, rowsByMiner } from './gather.ts';
import type { NewBatch, Spool, Spooled } from './spool.ts';

type Place = { readonly siteId: number; readonly gatewayId: string };
export type FoldDeps = { readonly spool: Spool; readonly place: Place; readonly maxBytes: number };

const read = (spool: Spool, run: readonly Spooled[]): TelemetryColumns[] => {
  const sources: TelemetryColumns[] = [];
  for (const { sequence } of run) {
    const payload = spool.payload(sequence);
    const decoded = payload && decodeBatchColumns(payload);
    if (decoded?.ok) sources.push(decoded.columns);
  }
  return sources;
};

/** Rows as `parts` batches of as many rows each, with the last sequences of the run; undefined when one is too large. */
const packed = (
  { place, maxBytes }: FoldDeps,
  run: readonly Spooled[],
  { order, sources }: { readonly order: RowOrder; readonly sources: readonly TelemetryColumns[] },
  parts: number,
  stride: number,
): NewBatch[] | undefined => {
  const batches: NewBatch[] = [];
  let previousSequence = run[0]?.previous ?? 0;
  for (let part = 0; part < parts; part++) {
    const as = run[run.length - parts + part];
    const from = Math.round((part * order.at.length) / parts);
    const to = Math.round(((part + 1) * order.at.length) / parts);
    if (!as || to === from || to - from > maxBatchRows) return undefined;
    const header = {
      shard: as.shard,
      sequence: as.sequence,
      previousSequence,
      createdAtMs: as.created_ms,
    };
    const payload = encodeBatchColumns({ ...place, ...header }, gather(order, sources, from, to));
    if (payload.length > maxBytes) return undefined;
    batches.push({ ...header, rows: to - from, payload, stride, folded: true });
    previousSequence = as.sequence;
  }
  return batches;
};

/** What folded batches take of the bytes of single ones, as far as is known; the first guess at how many are needed. */
const usualShare = 0.7;

/**
 * Puts a run of neighbours into as few batches as hold their rows, which then follow each other in time per miner and so pack
 * better; with `thin`, every second sample of a miner is left out. The new batches have the run's last sequences, and the first
 * of them the link of the run's first. Returns how many rows were left out.
 */
export const foldRun = (
  deps: FoldDeps,
  run: readonly Spooled[],
  { thin }: { readonly thin: boolean },
): number => {
  const { spool, maxBytes } = deps;
  const stride = (run[0]?.stride ?? 1) * (thin ? 2 : 1);
  const sources = read(spool, run);
  const all = rowsByMiner(sources);
  const order = thin ? everySecond(all, sources) : all;
  const [had, keep] = [all.at.length, order.at.length];
  const bytes = (run.reduce((sum, one) => sum + one.bytes, 0) * keep) / had;
  const fewest = Math.max(1, Math.floor((bytes * usualShare) / maxBytes), Math.ceil(keep / maxBatchRows));
  const most = sources.length < run.length ? 0 : thin ? run.length : run.length - 1;
  for (let parts = fewest; parts <= most; parts++) {
    const batches = packed(deps, run, { order, sources }, parts, stride);
    if (!batches) continue;
    spool.replace(run, batches);
    spool.count('thinnedRows', had - keep);
    return had - keep;
  }
  spool.markStride(run, stride);
  spool.markFolded(run);
  return 0;
};
