import type { Clock } from '../shared/clock.ts';
import {
  daySpan,
  readDaily,
  readHistories,
  readHistory,
  readRaw,
  writeDaily,
  writeHistory,
} from './block-repository.ts';
import { dayFrom } from './daily-block.ts';
import { addBatches } from './history-block.ts';
import type { Shard, TelemetryStore } from './telemetry-keys.ts';
import { dayMs, dayOf, windowMs } from './windows.ts';

const attempts = 10;

/** Today's aggregates are renewed with every twelfth window, once an hour; a day that is over at once. */
const isDayDue = (dayStartMs: number, windows: readonly number[], nowMs: number) =>
  dayStartMs + dayMs <= nowMs || windows.some((start) => (start / windowMs) % 12 === 11);

/**
 * Brings the upper tiers of a shard up to date with its raw blocks: the windows that were named, then their days. May
 * be asked for again and in any order: each block takes in only what it does not hold yet, and a day is computed anew. `final`: the shard
 * has fallen silent, so that no later window will renew the day.
 */
export const rollUp =
  (store: TelemetryStore & { readonly clock: Clock }) =>
  async (shard: Shard, windows: readonly number[], final = false): Promise<void> => {
    for (const start of new Set(windows)) await renew(() => renewWindow(store, shard, start));
    for (const day of new Set(windows.map(dayOf))) {
      const inDay = windows.filter((start) => dayOf(start) === day);
      if (final || isDayDue(day, inDay, store.clock.nowMs())) await renew(() => renewDay(store, shard, day));
    }
  };

const renew = async (once: () => Promise<boolean>) => {
  for (let attempt = 1; attempt <= attempts; attempt++) if (await once()) return;
  throw new Error(`A block stayed contended over ${attempts} attempts`);
};

const renewWindow = async (
  store: TelemetryStore & { readonly clock: Clock },
  shard: Shard,
  start: number,
) => {
  const { version, block } = await readHistory(store)(shard, start);
  const raw = await readRaw(store)(shard, start, start + windowMs);
  const next = addBatches(block, raw);
  if (version > 0 && next.batches.length === block.batches.length) return true;
  if (next.batches.length === 0) return true;
  return writeHistory(store)(shard, start, { version, block: next }, store.clock.nowMs());
};

const renewDay = async (store: TelemetryStore & { readonly clock: Clock }, shard: Shard, day: number) => {
  const nowMs = store.clock.nowMs();
  const { version } = await readDaily(store)(shard, day);
  const blocks = await readHistories(store)(shard, ...daySpan(day), nowMs);
  if (blocks.length === 0) return true;
  return writeDaily(store)(shard, day, { version, block: dayFrom(blocks.map(({ block }) => block)) }, nowMs);
};
