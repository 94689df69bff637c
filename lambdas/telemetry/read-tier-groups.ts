import {
  type GroupBy,
  type GroupColumn,
  groupColumns,
  groupPrefix,
  groupRules,
  readGroupId,
} from './groups-table.ts';
import { nowOf, rereading, type TierReadStore } from './read-tiers.ts';
import { groupLayers, groupLevels } from './roll-up-groups.ts';
import { decodeSegment } from './segments.ts';
import { telemetryKeys } from './telemetry-keys.ts';
import { levelSpanMs } from './tier-levels.ts';
import { type PlacedBlock, readLiveBlocks } from './tier-repository.ts';
import { visibilityIn } from './tier-retention.ts';
import { mergeTables, placeOf, rowsOf, sliceMiners, type TierTable } from './tier-table.ts';
import { windowMs, windowOf } from './windows.ts';

/** The sums of one group over a site, window by window in order; what each column is: groups-table.ts. In whole units of the fields. */
export type GroupSeries = {
  readonly key: string;
  readonly rows: number;
  readonly startMs: Float64Array;
  readonly columns: Readonly<Record<GroupColumn, Float64Array>>;
};

/** Without `key` every zone, model or customer. The whole site has the key ''. */
export type GroupQuery = { readonly by: GroupBy; readonly key?: string | undefined };

const isHighest = (name: GroupColumn) => name.endsWith('x');

/**
 * Five-minute sums of a site's groups for windows that start in [fromMs, toMs), in the order of their keys. Does not read the miners: a ranged GET
 * per hour or day that is over, and the current hour's five minutes.
 */
export const readGroupColumns =
  (store: TierReadStore) =>
  (siteId: number, query: GroupQuery, fromMs: number, toMs: number): Promise<GroupSeries[]> =>
    rereading(async () => {
      const blocks: (PlacedBlock & { readonly finer: number })[] = [];
      for (const level of groupLevels) {
        const span = levelSpanMs[level];
        const pk = telemetryKeys.groupsOfSite(siteId, level);
        const finer = blocks.length;
        for (const block of await readLiveBlocks(store)(pk, fromMs - span + 1, toMs))
          blocks.push({ ...block, finer });
      }
      const originMs = windowOf(fromMs);
      const tables = await Promise.all(blocks.map((block) => readGroup(store, block, query, originMs)));
      const nowMs = nowOf(store);
      const layers = new Map(
        [...new Set(blocks.map(({ finer }) => finer))].map((finer) => [
          finer,
          groupLayers(blocks, finer, originMs),
        ]),
      );
      const visible = blocks.map(({ late }) => visibilityIn('history', late, nowMs));
      const { table } = mergeTables(tables, groupRules, (index, window, id) => {
        const startMs = originMs + window * windowMs;
        const finer = blocks[index]?.finer ?? 0;
        return (
          startMs >= fromMs &&
          startMs < toMs &&
          (visible[index]?.(startMs) ?? false) &&
          (layers.get(finer)?.(index, window, id) ?? true)
        );
      });
      return sumUp(table, originMs);
    });

/** The rows of the groups that are asked for: they lie side by side. */
const readGroup = async (
  { blocks }: TierReadStore,
  { objects, content, startMs }: PlacedBlock,
  { by, key }: GroupQuery,
  originMs: number,
): Promise<TierTable> => {
  const from = key === undefined ? `${by}#` : groupPrefix(by, key);
  const to = `${from}\uffff`;
  const pieces: TierTable[] = [];
  for (const { object, offset, segments } of content) {
    const stored = objects[object];
    if (!stored) continue;
    let at = offset;
    const wanted = segments.flatMap((segment, index) => {
      const start = at;
      at += segment.bytes;
      const next = segments[index + 1]?.first;
      const isWanted = segment.first < to && (next === undefined || next >= from);
      return isWanted ? [{ start, end: at }] : [];
    });
    const [first, last] = [wanted[0], wanted.at(-1)];
    if (!first || !last) continue;
    const packed = await blocks.get(stored, { start: first.start, end: last.end });
    for (const { start, end } of wanted) {
      const table = decodeSegment(packed.subarray(start - first.start, end - first.start));
      pieces.push(sliceMiners(table, placeOf(table.minerIds, from), placeOf(table.minerIds, to)));
    }
  }
  const { table } = mergeTables(pieces, groupRules);
  const shift = (startMs - originMs) / windowMs;
  const windows = table.columns.get('w')?.map((window) => window + shift);
  return windows ? { ...table, columns: new Map(table.columns).set('w', windows) } : table;
};

const sumUp = (table: TierTable, originMs: number): GroupSeries[] => {
  const places = Map.groupBy(table.minerIds.keys(), (place) => readGroupId(table.minerIds[place] ?? '').key);
  return [...places]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, shards]) => seriesOf(table, key, shards, originMs));
};

const seriesOf = (
  table: TierTable,
  key: string,
  shards: readonly number[],
  originMs: number,
): GroupSeries => {
  const windows = table.columns.get('w') ?? new Float64Array();
  const rowsAt = shards.map((place) => rowsOf(table, place));
  const starts = [...new Set(rowsAt.flatMap(([from, to]) => [...windows.subarray(from, to)]))].toSorted(
    (a, b) => a - b,
  );
  const placeOfWindow = new Map(starts.map((window, place) => [window, place]));
  const sumColumn = (name: GroupColumn) => {
    const column = table.columns.get(name);
    const into = new Float64Array(starts.length).fill(isHighest(name) ? Number.NaN : 0);
    for (const [from, to] of rowsAt)
      for (let at = from; column && at < to; at++) {
        const place = placeOfWindow.get(windows[at] ?? 0) ?? 0;
        const value = column[at] ?? Number.NaN;
        const before = into[place] ?? Number.NaN;
        if (Number.isNaN(value)) continue;
        if (!isHighest(name)) into[place] = before + value;
        else if (!(before >= value)) into[place] = value;
      }
    return into;
  };
  return {
    key,
    rows: starts.length,
    startMs: Float64Array.from(starts, (window) => originMs + window * windowMs),
    columns: Object.fromEntries(groupColumns.map((name) => [name, sumColumn(name)])) as Record<
      GroupColumn,
      Float64Array
    >,
  };
};
