import { historyOf } from '../../lambdas/telemetry/history-table.ts';
import { objectName, rollUpWindow } from '../../lambdas/telemetry/roll-up-window.ts';
import { enrol } from '../../lambdas/telemetry/roster-repository.ts';
import { type Shard, telemetryKeys } from '../../lambdas/telemetry/telemetry-keys.ts';
import {
  type Level,
  leastRows,
  levelSpanMs,
  settleMs,
  startOf,
} from '../../lambdas/telemetry/tier-levels.ts';
import { noBlock, replaceBlock, type TierStore } from '../../lambdas/telemetry/tier-repository.ts';
import { writeParts } from '../../lambdas/telemetry/tier-streams.ts';
import type { TierTable } from '../../lambdas/telemetry/tier-table.ts';
import { dayMs, windowMs } from '../../lambdas/telemetry/windows.ts';
import { minerIdOf } from './local-cloud.ts';
import type { SiteReadings } from './reading-columns.ts';

const hourMs = 60 * 60_000;
const minuteMs = 60_000;

export type PlannedHistory = {
  readonly shard: Shard;
  readonly miners: readonly number[];
  readonly nowMs: number;
  readonly days: number;
};

/** The levels in which the roll-ups would have left [fromMs, nowMs) by now. */
const spansOf = (fromMs: number, nowMs: number) => {
  const spans: { level: Level; startMs: number }[] = [];
  const cut = (outer: 'ten_days' | 'day' | 'hour', startMs: number) => {
    const endMs = startMs + levelSpanMs[outer];
    if (startMs >= nowMs || endMs <= fromMs) return;
    if (endMs + settleMs[outer] <= nowMs) return void spans.push({ level: outer, startMs });
    const inner = ({ ten_days: 'day', day: 'hour', hour: 'five' } as const)[outer];
    for (let at = startMs; at < endMs; at += levelSpanMs[inner]) {
      if (inner !== 'five') cut(inner, at);
      else if (at + windowMs <= nowMs) spans.push({ level: 'five', startMs: at });
    }
  };
  for (let at = startOf('ten_days', fromMs); at < nowMs; at += levelSpanMs.ten_days) cut('ten_days', at);
  return spans;
};

/**
 * Writes what the roll-ups would have made of a shard's readings of so many days, a reading a minute: history on its
 * levels, and the last day's raw rows by the hour. Through the tiers' own encoders and repository, but each block at once.
 */
export const writeHistory = async (
  store: TierStore,
  readings: SiteReadings,
  { shard, miners, nowMs, days }: PlannedHistory,
  onProgress: (done: number, all: number) => void,
): Promise<{ readonly windows: number; readonly rawRows: number }> => {
  const ids = miners.map(minerIdOf);
  await enrol(store)(shard, [ids]);
  const untilMs = nowMs + 101 * dayMs;
  const rawOf = async function* (
    startMs: number,
    spanMs: number,
    onlyRaw: boolean,
  ): AsyncGenerator<TierTable> {
    for (const [at, miner] of miners.entries()) {
      const raw = readings.rawOf(miner, ids[at] ?? '', startMs, spanMs / minuteMs);
      yield onlyRaw ? raw : historyOf(raw, startMs, startMs);
    }
  };
  const put = async (level: Level, startMs: number) => {
    const spanMs = levelSpanMs[level];
    const isRaw = level === 'raw_hour';
    const { objects, parts } = await writeParts(
      store.blocks,
      {
        prefix: isRaw ? 'raw' : 'history',
        name: objectName(shard, level, startMs),
        leastRows: isRaw ? leastRows.raw : leastRows.history,
      },
      rawOf(startMs, spanMs, isRaw),
    );
    await replaceBlock(store)(telemetryKeys.block(shard, level, startMs), noBlock(startMs), {
      startMs,
      moved: false,
      objects,
      raw: isRaw ? parts : [],
      content: isRaw ? [] : parts,
      windows: [[startMs / windowMs, spanMs / windowMs]],
      late: [],
      rawUntilMs: nowMs + 7 * dayMs,
      untilMs,
    });
  };
  const window = rollUpWindow({
    ...store,
    clock: { nowMs: () => nowMs },
    readFacts: async () => () => undefined,
  });
  const spans = spansOf(nowMs - days * dayMs, nowMs);
  const rawHours = [];
  const firstFive = spans.find(({ level }) => level === 'five')?.startMs ?? nowMs;
  for (let at = startOf('raw_hour', nowMs - dayMs); at + hourMs <= firstFive; at += hourMs) rawHours.push(at);
  const all = [...spans, ...rawHours.map((startMs) => ({ level: 'raw_hour' as const, startMs }))];
  const minutes = (level: Level) => levelSpanMs[level] / minuteMs;
  const total = all.reduce((sum, { level }) => sum + minutes(level), 0);
  let done = 0;
  for (const { level, startMs } of all) {
    if (level === 'five') {
      const pairs = miners.map((miner, at) => [miner, ids[at] ?? ''] as const);
      const columns = readings.sweepsOf(pairs, startMs, windowMs / minuteMs);
      await window(shard, startMs, [{ columns, receivedAtMs: startMs + windowMs }]);
    } else await put(level, startMs);
    done += minutes(level);
    onProgress(Math.round(done / 60), Math.round(total / 60));
  }
  const covered = spans.reduce((sum, { level }) => sum + levelSpanMs[level], 0);
  return {
    windows: (covered / windowMs) * miners.length,
    rawRows: rawHours.length * 60 * miners.length,
  };
};
