import { maxBatchRows } from '../../contracts/telemetry-batch.ts';
import { type FoldDeps, foldRun } from './fold.ts';
import type { Spooled } from './spool.ts';

/** Of eight samples of a miner at least one is kept before whole batches go. */
const thinFloor = 8;
/** Thinning begins at this part of the spool's bound. */
const highWater = 0.9;
const bounds = { rows: maxBatchRows, batches: 64 };

export type Room = { readonly thinnedRows: number; readonly droppedBatches: number };

/**
 * Keeps the spool within `spoolBytes`: past nine tenths of it first what the broker has acknowledged goes, oldest first; then
 * every second sample of what waits, the oldest first, then every second of what is left of them, down to one of eight; and only
 * past the bound itself, with nothing left to thin, whole batches, oldest first.
 */
export const makeRoom = (deps: FoldDeps, spoolBytes: number): Room => {
  const { spool } = deps;
  let thinnedRows = 0;
  let droppedBatches = 0;
  while (spool.bytes > spoolBytes * highWater) {
    if (spool.forgetUnconfirmed()) continue;
    const first = spool.leastThinned(thinFloor);
    if (first) thinnedRows += foldRun(deps, spool.run(first, bounds), { thin: true });
    else if (spool.bytes > spoolBytes && spool.dropOldest()) droppedBatches++;
    else break;
  }
  return { thinnedRows, droppedBatches };
};

/**
 * Folds what a shard has had waiting since before the present slot of `slotMs`, slot by slot, so that a long outage takes
 * fewer bytes on the disk and on the line. The slots are the clock's, so that a folded batch falls into one window of the cloud's.
 */
export const foldSlots = (deps: FoldDeps, shard: number, nowMs: number, slotMs: number) => {
  const slotOf = ({ created_ms }: Pick<Spooled, 'created_ms'>) => Math.floor(created_ms / slotMs);
  const present = Math.floor(nowMs / slotMs) * slotMs;
  for (;;) {
    const first = deps.spool.firstUnfolded(shard, present);
    if (!first) return;
    deps.spool.state.transact(() => {
      const run = deps.spool.run(first, bounds).filter((one) => slotOf(one) === slotOf(first));
      if (run.length > 1) foldRun(deps, run, { thin: false });
      else deps.spool.markFolded([first]);
    });
  }
};
