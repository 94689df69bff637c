import { groupRules, readGroupId } from './groups-table.ts';
import type { RollUpDeps } from './roll-up-window.ts';
import { telemetryKeys } from './telemetry-keys.ts';
import {
  leastRows,
  levelSpanMs,
  type Run,
  settleMs,
  startOf,
  uniteLate,
  uniteRuns,
  windowsOfRuns,
} from './tier-levels.ts';
import {
  moveBlock,
  type PlacedBlock,
  readBlock,
  readLiveBlocks,
  replaceBlock,
  type TierBlock,
} from './tier-repository.ts';
import { mergeSources, writeParts } from './tier-streams.ts';
import type { Keep } from './tier-table.ts';
import { dayMs, keptMs, windowMs } from './windows.ts';

/** A site's sums: of five minutes one block per shard, of an hour and a day one of all shards. */
export const groupLevels = ['five', 'hour', 'day'] as const;
const outerGroups = { five: 'hour', hour: 'day' } as const;
export type InnerGroups = keyof typeof outerGroups;

const spansARound = 48;

export const dueGroups =
  (deps: Omit<RollUpDeps, 'readFacts'>) =>
  async (siteId: number, level: InnerGroups): Promise<number[]> => {
    const outer = outerGroups[level];
    const nowMs = deps.clock.nowMs();
    const overMs = nowMs - levelSpanMs[outer] - settleMs[outer];
    const blocks = await readLiveBlocks(deps)(telemetryKeys.groupsOfSite(siteId, level), 0, nowMs + dayMs);
    return [...new Set(blocks.map(({ startMs }) => startOf(outer, startMs)))].filter(
      (start) => start <= overMs,
    );
  };

/** Merges a site's sums of hours and days that are over; `isMore` where a bounded round has left some. */
export const compactGroups =
  (deps: Omit<RollUpDeps, 'readFacts'>) =>
  async (siteId: number): Promise<{ readonly spans: number; readonly isMore: boolean }> => {
    let spans = 0;
    for (const level of ['five', 'hour'] as const)
      for (const startMs of await dueGroups(deps)(siteId, level)) {
        if (spans >= spansARound) return { spans, isMore: true };
        spans++;
        for (const block of await compactSpan(deps, siteId, level, startMs))
          await moveBlock(deps)(block, deps.clock.nowMs());
      }
    return { spans, isMore: false };
  };

const compactSpan = async (
  deps: Omit<RollUpDeps, 'readFacts'>,
  siteId: number,
  level: InnerGroups,
  startMs: number,
): Promise<PlacedBlock[]> => {
  const outer = outerGroups[level];
  const key = telemetryKeys.groups(siteId, outer, startMs);
  const stored = await readBlock(deps)(key, startMs);
  const pk = telemetryKeys.groupsOfSite(siteId, level);
  const blocks = await readLiveBlocks(deps)(pk, startMs, startMs + levelSpanMs[outer]);
  if (blocks.length === 0) return [];
  const held: readonly TierBlock[] = stored.moved ? blocks : [...blocks, stored];
  const { objects, parts } = await writeParts(
    deps.blocks,
    { prefix: 'groups', name: `${siteId}/${outer}/${startMs}`, leastRows: leastRows.groups },
    mergeSources(
      deps.blocks,
      held.map((block) => ({ block, parts: block.content, shift: (block.startMs - startMs) / windowMs })),
      groupRules,
      groupLayers(held, blocks.length, startMs),
    ),
  );
  const written = await replaceBlock(deps)(key, stored, {
    startMs,
    moved: false,
    objects,
    raw: [],
    content: parts,
    windows: uniteRuns(...held.map(({ windows }) => windows)),
    late: uniteLate(...held.map(({ late }) => late)),
    shards: uniteShards(held),
    untilMs: Math.max(deps.clock.nowMs(), startMs + levelSpanMs[outer]) + keptMs.daily,
  });
  return written ? blocks : [];
};

/** The shards' windows that the first `finer` blocks have are left out of the others. */
export const groupLayers = (
  blocks: readonly Pick<TierBlock, 'shards'>[],
  finer: number,
  originMs: number,
): Keep => {
  const above = new Map<string, Set<number>>();
  for (const { shards } of blocks.slice(0, finer))
    for (const [shard, runs] of shards ?? []) {
      const windows = above.get(shard) ?? new Set();
      above.set(shard, windows);
      for (const window of windowsOfRuns(runs)) windows.add(window);
    }
  const first = originMs / windowMs;
  return (table, window, id) => table < finer || !above.get(readGroupId(id).shard)?.has(window + first);
};

const uniteShards = (blocks: readonly Pick<TierBlock, 'shards'>[]): [string, Run[]][] =>
  [
    ...Map.groupBy(
      blocks.flatMap(({ shards }) => shards ?? []),
      ([shard]) => shard,
    ),
  ]
    .map(([shard, all]): [string, Run[]] => [shard, uniteRuns(...all.map(([, runs]) => runs))])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
