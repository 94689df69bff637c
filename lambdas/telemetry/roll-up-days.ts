import { columnsForDays, dayRules, daysOf } from './daily-table.ts';
import { historyRules } from './history-table.ts';
import { objectName, type RollUpDeps } from './roll-up-window.ts';
import type { SiteDay } from './site-days.ts';
import { type Shard, telemetryKeys } from './telemetry-keys.ts';
import { historyBlocks, layersOf } from './tier-history.ts';
import { type LateRun, leastRows, runsOf, uniteLate } from './tier-levels.ts';
import { readBlock, replaceBlock, type TierStore } from './tier-repository.ts';
import { mergeSources, mergeStreams, writeParts } from './tier-streams.ts';
import { emptyTable, type TierTable } from './tier-table.ts';
import { dayMs, keptMs, windowMs } from './windows.ts';

const attempts = 10;
export const monthStartMs = (month: string) => Date.parse(`${month}-01T00:00:00.000Z`);

/** Computes days of a shard anew from its history, and puts them into their months' blocks. */
export const renewDays =
  (deps: RollUpDeps) =>
  async (shard: Shard, days: readonly SiteDay[]): Promise<void> => {
    for (const [month, inMonth] of Map.groupBy(days, ({ date }) => date.slice(0, 7)))
      await renewMonth(deps, shard, month, inMonth);
  };

const renewMonth = async (deps: RollUpDeps, shard: Shard, month: string, days: readonly SiteDay[]) => {
  for (let attempt = 1; attempt <= attempts; attempt++) if (await once(deps, shard, month, days)) return;
  throw new Error(`The days of ${month} stayed contended over ${attempts} attempts`);
};

const once = async (deps: RollUpDeps, shard: Shard, month: string, days: readonly SiteDay[]) => {
  const startMs = monthStartMs(month);
  const key = telemetryKeys.month(shard, month);
  const before = await readBlock(deps)(key, startMs);
  const renewed = new Set(days.map(({ date }) => Number(date.slice(8))));
  const fresh = await Promise.all(days.map((day) => streamDay(deps, shard, day)));
  const kept = mergeSources(
    deps.blocks,
    [{ block: before, parts: before.content, shift: 0 }],
    dayRules,
    (_, day) => !renewed.has(day),
  );
  const seen = new Set<number>();
  const { objects, parts } = await writeParts(
    deps.blocks,
    { prefix: 'daily', name: objectName(shard, 'month', startMs), leastRows: leastRows.days },
    noting(mergeStreams([kept, ...fresh.map(({ tables }) => tables)], dayRules), seen),
  );
  const nowMs = deps.clock.nowMs();
  const late = uniteLate(before.late, ...fresh.map((day) => day.late));
  return replaceBlock(deps)(key, before, {
    startMs,
    moved: false,
    objects,
    raw: [],
    content: parts,
    windows: runsOf(seen),
    late,
    untilMs: Math.max(nowMs, startMs + 32 * dayMs) + keptMs.daily,
  });
};

/** A day of every miner of a shard. Its `late` counts days of the month instead of windows, as far as the daily tier's keep was over. */
const streamDay = async (deps: TierStore, shard: Shard, day: SiteDay) => {
  const span = { fromMs: day.startMs - windowMs, toMs: day.endMs };
  const blocks = await historyBlocks(deps)(shard, span.fromMs, span.toMs);
  const { sources, keep } = layersOf(blocks, day.startMs, span, columnsForDays);
  const received = blocks
    .flatMap(({ late }) => late)
    .filter(([first, count]) => (first + count) * windowMs > day.startMs && first * windowMs < day.endMs)
    .map(([, , receivedAtMs]) => receivedAtMs)
    .filter((receivedAtMs) => receivedAtMs - day.startMs > keptMs.daily);
  const late: LateRun[] = received.length > 0 ? [[Number(day.date.slice(8)), 1, Math.max(...received)]] : [];
  const history = mergeSources(deps.blocks, sources, historyRules, keep);
  return { tables: dayTables(history, day), late };
};

const dayTables = async function* (
  history: AsyncGenerator<TierTable>,
  day: SiteDay,
): AsyncGenerator<TierTable> {
  for await (const table of history) yield table.rows > 0 ? daysOf(table, day.startMs, day) : emptyTable;
};

const noting = async function* (tables: AsyncGenerator<TierTable>, seen: Set<number>) {
  for await (const table of tables) {
    for (const day of table.columns.get('d') ?? []) seen.add(day);
    yield table;
  }
};
