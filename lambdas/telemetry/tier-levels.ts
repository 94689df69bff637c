import { dayMs, windowMs } from './windows.ts';

/**
 * The levels of a shard's blocks and their spans, aligned to UTC. `five` holds a window's raw rows and its history together, so that both are always of
 * one and the same set of rows; from there raw rows go to `raw_hour`, and history to `hour`, `day` and `ten_days`.
 */
export const levelSpanMs = {
  five: windowMs,
  raw_hour: 60 * 60_000,
  hour: 60 * 60_000,
  day: dayMs,
  ten_days: 10 * dayMs,
} as const;
export type Level = keyof typeof levelSpanMs;

export const startOf = (level: Level, atMs: number) => atMs - (atMs % levelSpanMs[level]);

/** Where history of a level goes when its span's outer span is over, and how long after its end that is done. */
export const outerLevel = { five: 'hour', hour: 'day', day: 'ten_days' } as const;
export type InnerLevel = keyof typeof outerLevel;
export const settleMs = { hour: 5 * 60_000, day: 2 * 60 * 60_000, ten_days: 6 * 60 * 60_000 } as const;

/** Segments of raw rows and of history have at least so many rows: about 20 KB. */
export const leastRows = { raw: 512, history: 768, days: 512, groups: 512 } as const;

/** Windows in a row: the number of the first (since the epoch) and how many. */
export type Run = readonly [first: number, count: number];

export const runsOf = (windows: Iterable<number>): Run[] => {
  const runs: [number, number][] = [];
  for (const window of [...new Set(windows)].toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last[0] + last[1] === window) last[1]++;
    else runs.push([window, 1]);
  }
  return runs;
};

export const windowsOfRuns = function* (runs: Iterable<Run>) {
  for (const [first, count] of runs) for (let at = 0; at < count; at++) yield first + at;
};

export const uniteRuns = (...all: readonly (readonly Run[])[]): Run[] => runsOf(windowsOfRuns(all.flat()));

export const hasWindow = (runs: readonly Run[], window: number) =>
  runs.some(([first, count]) => window >= first && window < first + count);

/** Windows that got rows so late that these were past a tier's keep already: visible for that keep from receipt. */
export type LateRun = readonly [first: number, count: number, receivedAtMs: number];

/** Neighbouring windows whose rows came within the same hour are one run, so that a backlog or a replay is a few. */
export const uniteLate = (...all: readonly (readonly LateRun[])[]): LateRun[] => {
  const latest = new Map<number, number>();
  for (const [first, count, receivedAtMs] of all.flat())
    for (const window of windowsOfRuns([[first, count]]))
      latest.set(window, Math.max(latest.get(window) ?? 0, receivedAtMs));
  const runs: [number, number, number][] = [];
  for (const [window, receivedAtMs] of [...latest].toSorted(([a], [b]) => a - b)) {
    const last = runs.at(-1);
    if (last && last[0] + last[1] === window && Math.abs(last[2] - receivedAtMs) < 60 * 60_000) {
      last[1]++;
      last[2] = Math.max(last[2], receivedAtMs);
    } else runs.push([window, 1, receivedAtMs]);
  }
  return runs;
};

export const windowNumber = (atMs: number) => Math.floor(atMs / windowMs);
