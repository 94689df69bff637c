import type { MinerReading } from '../../contracts/reading.ts';
import { decodeBatch, encodeBatch, maxBatchRows } from '../../contracts/telemetry-batch.ts';
import type { NewBatch, Spool, Spooled } from './spool.ts';

type Place = { readonly siteId: number; readonly gatewayId: string };
export type FoldDeps = { readonly spool: Spool; readonly place: Place; readonly maxBytes: number };

/** Every second sample of a miner, and what differs in state or error codes from the sample before it. */
const everySecond = (rows: readonly MinerReading[]): MinerReading[] => {
  let at = 0;
  return rows.filter((row, index) => {
    const before = rows[index - 1];
    if (before?.minerId !== row.minerId) at = 0;
    else at++;
    return at % 2 === 0 || saysOther(row, before);
  });
};

const saysOther = (row: MinerReading, before: MinerReading | undefined) =>
  row.state !== before?.state ||
  row.mode !== before.mode ||
  row.errorCodes?.join() !== before.errorCodes?.join();

const rowsOf = (spool: Spool, run: readonly Spooled[]): MinerReading[] | undefined => {
  const rows: MinerReading[] = [];
  for (const { sequence } of run) {
    const payload = spool.payload(sequence);
    const decoded = payload && decodeBatch(payload);
    if (!decoded?.ok) return undefined;
    for (const reading of decoded.batch.readings) rows.push(reading);
  }
  return rows.sort((a, b) =>
    a.minerId < b.minerId ? -1 : a.minerId > b.minerId ? 1 : a.sampledAtMs - b.sampledAtMs,
  );
};

/** Rows as `parts` batches of about as many miners each, with the last sequences of the run. */
const packed = (
  { place, maxBytes }: FoldDeps,
  run: readonly Spooled[],
  rows: readonly MinerReading[],
  parts: number,
  stride: number,
): NewBatch[] | undefined => {
  const batches: NewBatch[] = [];
  let previousSequence = run[0]?.previous ?? 0;
  for (let part = 0; part < parts; part++) {
    const as = run[run.length - parts + part];
    const slice = rows.slice(
      Math.round((part * rows.length) / parts),
      Math.round(((part + 1) * rows.length) / parts),
    );
    if (!as || slice.length === 0 || slice.length > maxBatchRows) return undefined;
    const { shard, sequence, created_ms: createdAtMs } = as;
    const payload = encodeBatch({
      ...place,
      shard,
      sequence,
      previousSequence,
      createdAtMs,
      readings: slice,
    });
    if (payload.length > maxBytes) return undefined;
    batches.push({
      shard,
      sequence,
      previousSequence,
      createdAtMs,
      rows: slice.length,
      payload,
      stride,
      folded: true,
    });
    previousSequence = sequence;
  }
  return batches;
};

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
  const all = rowsOf(spool, run);
  const rows = all && thin ? everySecond(all) : all;
  const share = rows && all ? rows.length / all.length : 1;
  const bytes = run.reduce((sum, one) => sum + one.bytes, 0) * share;
  const fewest = Math.max(
    1,
    Math.floor((bytes * 0.7) / maxBytes),
    Math.ceil((rows?.length ?? 0) / maxBatchRows),
  );
  for (let parts = fewest; rows && parts <= run.length; parts++) {
    if (!thin && parts === run.length) break;
    const batches = packed(deps, run, rows, parts, stride);
    if (!batches) continue;
    spool.replace(run, batches);
    const left = (all?.length ?? 0) - rows.length;
    spool.count('thinnedRows', left);
    return left;
  }
  spool.markStride(run, stride);
  spool.markFolded(run);
  return 0;
};
