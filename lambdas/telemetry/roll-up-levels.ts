import { historyRules } from './history-table.ts';
import { rawRules } from './raw-table.ts';
import { renewDays } from './roll-up-days.ts';
import { objectName, type RollUpDeps } from './roll-up-window.ts';
import { siteDaysBetween } from './site-days.ts';
import { type Shard, telemetryKeys } from './telemetry-keys.ts';
import { layersOf } from './tier-history.ts';
import {
  type InnerLevel,
  isClosed,
  type LateRun,
  leastRows,
  levelSpanMs,
  outerLevel,
  startOf,
  uniteLate,
  uniteRuns,
} from './tier-levels.ts';
import { moveBlock, type PlacedBlock, readBlock, readLiveBlocks, replaceBlock } from './tier-repository.ts';
import { mergeSources, type Source, writeParts } from './tier-streams.ts';
import { dayMs, keptMs, rawBytesKeptMs, windowMs } from './windows.ts';

export type CompactDeps = RollUpDeps & {
  /** A site's time zone, whose midnights cut its days. */
  readonly timeZoneOf: (siteId: number, gatewayId: string) => Promise<string>;
};

const spansARound = 6;

/** The blocks of a level that are to go into their outer blocks, by the outer span's start, oldest first. */
export const dueSpans =
  (deps: Pick<CompactDeps, 'db' | 'telemetryTable' | 'blocks' | 'clock'>) =>
  async (shard: Shard, level: InnerLevel): Promise<[startMs: number, blocks: PlacedBlock[]][]> => {
    const nowMs = deps.clock.nowMs();
    const blocks = await readLiveBlocks(deps)(telemetryKeys.blocksOfShard(shard, level), 0, nowMs + dayMs);
    const closed = blocks.filter(({ startMs }) => isClosed(level, startMs, nowMs));
    return [...Map.groupBy(closed, ({ startMs }) => startOf(outerLevel[level], startMs))];
  };

/**
 * Merges a shard's five-minute blocks of hours that are over into the quarters of a day, renews the days that these are of, and merges the quarters of
 * days that are over into ten days. The finer block is what says that there is something to do, and goes last: a roll-up
 * that stops anywhere is done again. `isMore` where a bounded round has left some.
 */
export const compactShard =
  (deps: CompactDeps) =>
  async (shard: Shard): Promise<{ readonly spans: number; readonly isMore: boolean }> => {
    let spans = 0;
    const quarters = await dueSpans(deps)(shard, 'five');
    const taken = quarters.slice(0, spansARound);
    const merged: PlacedBlock[] = [];
    for (const [startMs] of taken) {
      const rows = await compactRaw(deps, shard, startMs);
      const history = await compactHistory(deps, shard, 'five', startMs);
      merged.push(...history.filter((block) => rows.some((other) => isSame(block, other))));
    }
    await renewDaysOf(deps, shard, merged);
    for (const block of merged) await moveBlock(deps)(block, deps.clock.nowMs());
    spans += taken.length;
    if (quarters.length > taken.length) return { spans, isMore: true };
    for (const [startMs] of await dueSpans(deps)(shard, 'quarter')) {
      if (spans >= spansARound) return { spans, isMore: true };
      spans++;
      for (const block of await compactHistory(deps, shard, 'quarter', startMs))
        await moveBlock(deps)(block, deps.clock.nowMs());
    }
    return { spans, isMore: false };
  };

/** The days that the blocks' windows are of; a day's counters rise from the window before it, so that one renews the day after it, too. */
const renewDaysOf = async (deps: CompactDeps, shard: Shard, blocks: readonly PlacedBlock[]) => {
  if (blocks.length === 0) return;
  const zone = await deps.timeZoneOf(shard.siteId, shard.gatewayId);
  const days = new Map(
    blocks
      .flatMap(({ startMs }) => siteDaysBetween(zone, startMs, startMs + 2 * windowMs))
      .map((day) => [day.date, day]),
  );
  await renewDays(deps)(shard, [...days.values()]);
};

const isSame = (a: PlacedBlock, b: PlacedBlock) => a.key.sk === b.key.sk && a.version === b.version;

/** The quarter's raw rows with those of its five-minute blocks. Answers the blocks that it holds now; none when another roll-up was faster. */
const compactRaw = async (deps: CompactDeps, shard: Shard, startMs: number): Promise<PlacedBlock[]> => {
  const key = telemetryKeys.block(shard, 'raw_quarter', startMs);
  const stored = await readBlock(deps)(key, startMs);
  const blocks = await innerBlocks(deps, shard, 'five', startMs);
  if (blocks.length === 0) return [];
  const nowMs = deps.clock.nowMs();
  const isKept = !stored.moved && (stored.rawUntilMs ?? 0) > nowMs;
  const held = isKept ? [stored, ...blocks] : blocks;
  const sources: Source[] = held.map((block) => ({
    block,
    parts: block.raw,
    shift: block.startMs - startMs,
  }));
  const { objects, parts } = await writeParts(
    deps.blocks,
    { prefix: 'raw', name: objectName(shard, 'raw_quarter', startMs), leastRows: leastRows.raw },
    mergeSources(deps.blocks, sources, rawRules),
  );
  const written = await replaceBlock(deps)(key, stored, {
    startMs,
    moved: false,
    objects,
    raw: parts,
    content: [],
    windows: uniteRuns(...held.map(({ windows }) => windows)),
    late: uniteLate(...held.map(({ late }) => late)),
    rawUntilMs: nowMs + rawBytesKeptMs - 60 * 60_000,
    untilMs: nowMs + rawBytesKeptMs,
  });
  return written ? blocks : [];
};

/** Puts the finer blocks' windows in the place of those that the outer block has. Answers the blocks that it holds now. */
const compactHistory = async (
  deps: CompactDeps,
  shard: Shard,
  level: InnerLevel,
  startMs: number,
): Promise<PlacedBlock[]> => {
  const outer = outerLevel[level];
  const key = telemetryKeys.block(shard, outer, startMs);
  const stored = await readBlock(deps)(key, startMs);
  const blocks = await innerBlocks(deps, shard, level, startMs);
  if (blocks.length === 0) return [];
  const held = [
    ...blocks.map((block) => ({ ...block, level })),
    ...(stored.moved ? [] : [{ ...stored, key, level: outer }]),
  ];
  const span = { fromMs: startMs, toMs: startMs + levelSpanMs[outer] };
  const { sources, keep } = layersOf(held, startMs, span);
  const { objects, parts } = await writeParts(
    deps.blocks,
    { prefix: 'history', name: objectName(shard, outer, startMs), leastRows: leastRows.history },
    mergeSources(deps.blocks, sources, historyRules, keep),
  );
  const written = await replaceBlock(deps)(key, stored, {
    startMs,
    moved: false,
    objects,
    raw: [],
    content: parts,
    windows: uniteRuns(...held.map(({ windows }) => windows)),
    late: uniteLate(...held.map(({ late }) => late)).filter(isPastHistory),
    untilMs: Math.max(deps.clock.nowMs(), span.toMs) + keptMs.history + dayMs,
  });
  return written ? blocks : [];
};

const isPastHistory = ([first, , receivedAtMs]: LateRun) => receivedAtMs - first * windowMs > keptMs.history;

/** To be read after the block that they go into: if they go into it meanwhile, that has changed and is not written. */
const innerBlocks = async (deps: CompactDeps, shard: Shard, level: InnerLevel, outerMs: number) => {
  const pk = telemetryKeys.blocksOfShard(shard, level);
  const blocks = await readLiveBlocks(deps)(pk, outerMs, outerMs + levelSpanMs[outerLevel[level]]);
  return blocks.filter(({ startMs }) => isClosed(level, startMs, deps.clock.nowMs()));
};
