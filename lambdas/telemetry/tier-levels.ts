import { dayMs, windowMs } from './windows.ts';

const hourMs = 60 * 60_000;
const quarterMs = 6 * hourMs;

/**
 * The levels of a shard's blocks and their spans, aligned to UTC. `five` holds a window's raw rows and its history together, so that both are always of
 * one and the same set of rows; from there raw rows go to `raw_quarter`, and history to `quarter` (of a day) and `ten_days`. A site's sums go
 * from `five` to `hour` and `day`.
 */
export const levelSpanMs = {
  five: windowMs,
  hour: hourMs,
  raw_quarter: quarterMs,
  quarter: quarterMs,
  day: dayMs,
  ten_days: 10 * dayMs,
} as const;
export type Level = keyof typeof levelSpanMs;

export const startOf = (level: Level, atMs: number) => atMs - (atMs % levelSpanMs[level]);

/** How long after a span's end what is in it goes to the next level. */
export const settleMs = { hour: 5 * 60_000, day: 2 * hourMs } as const;

/**
 * Where history of a level goes, and when: once the hour or day that it lies in is over. The outer block grows until its own span is over, so that a
 * query has an hour of small blocks before it at the most.
 */
export const outerLevel = { five: 'quarter', quarter: 'ten_days' } as const;
export type InnerLevel = keyof typeof outerLevel;
const closesWith = { five: 'hour', quarter: 'day' } as const;

export const isClosed = (level: InnerLevel, startMs: number, nowMs: number) => {
  const span = closesWith[level];
  return startOf(span, startMs) + levelSpanMs[span] + settleMs[span] <= nowMs;
};

/** Segments of raw rows and of history have at least so many rows: about 20 KB. In five minutes, of which a miner has few, less. */
export const leastRows = { five: 128, raw: 512, history: 768, days: 512, groups: 512 } as const;

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
