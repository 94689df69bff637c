import { type Shard, telemetryKeys } from './telemetry-keys.ts';
import { type Level, levelSpanMs, type Run, windowsOfRuns } from './tier-levels.ts';
import { type PlacedBlock, readLiveBlocks, type TierStore } from './tier-repository.ts';
import type { Source } from './tier-streams.ts';
import type { Keep } from './tier-table.ts';
import { windowMs } from './windows.ts';

/** From the finest: what is in a coarser level by now is seen there, when the finer one was read first. */
const historyLevels: readonly Level[] = ['five', 'quarter', 'ten_days'];

export type LeveledBlock = PlacedBlock & { readonly level: Level };

/** The blocks that have history of [fromMs, toMs), the finest level first. `onFound` hears of each before the next level is asked for. */
export const historyBlocks =
  (store: TierStore) =>
  async (
    shard: Shard,
    fromMs: number,
    toMs: number,
    onFound?: (block: LeveledBlock) => void,
  ): Promise<LeveledBlock[]> => {
    const found: LeveledBlock[] = [];
    for (const level of historyLevels) {
      const pk = telemetryKeys.blocksOfShard(shard, level);
      const earliest = fromMs - levelSpanMs[level] + 1;
      for (const block of await readLiveBlocks(store)(pk, earliest, toMs)) {
        const leveled = { ...block, level };
        found.push(leveled);
        onFound?.(leveled);
      }
    }
    return found;
  };

/** Where a block's history lies; keys of the result count from `originMs`. */
export const historySource = (
  block: LeveledBlock,
  originMs: number,
  only: ReadonlySet<string> | undefined,
): Source => ({ block, parts: block.content, only, shift: (block.startMs - originMs) / windowMs });

/** What to read of blocks that stand above each other: windows that a finer one has are left out of the coarser ones. */
export type Layers = {
  readonly sources: readonly Source[];
  readonly keep: Keep;
  /** By block, which of its windows a finer one has, if one has any. */
  readonly hidden: readonly (((window: number) => boolean) | undefined)[];
};

/**
 * `blocks` from the finest level. Keys of the result count from `originMs`; windows outside of [fromMs, toMs) are left
 * out.
 */
export const layersOf = (
  blocks: readonly LeveledBlock[],
  originMs: number,
  span: { readonly fromMs: number; readonly toMs: number },
  only?: ReadonlySet<string>,
): Layers => {
  const first = originMs / windowMs;
  const hidden = hiddenIn(blocks);
  const [from, to] = [
    Math.ceil((span.fromMs - originMs) / windowMs),
    Math.ceil((span.toMs - originMs) / windowMs),
  ];
  return {
    sources: blocks.map((block) => historySource(block, originMs, only)),
    keep: (table, window) => window >= from && window < to && !hidden[table]?.has(window + first),
    hidden: hidden.map((windows) => windows && ((window) => windows.has(window + first))),
  };
};

/** By block, the windows (since the epoch) that a finer block before it has. */
const hiddenIn = (blocks: readonly LeveledBlock[]): (ReadonlySet<number> | undefined)[] => {
  const above: { readonly level: Level; readonly windows: readonly Run[] }[] = [];
  return blocks.map(({ level, windows }) => {
    const finer = above.filter(
      (other) => other.level !== level && other.windows.some((run) => meets(run, windows)),
    );
    above.push({ level, windows });
    return finer.length === 0 ? undefined : new Set(windowsOfRuns(finer.flatMap((other) => other.windows)));
  });
};

const meets = ([first, count]: Run, runs: readonly Run[]) =>
  runs.some(([start, length]) => first < start + length && start < first + count);
