import { type GroupColumn, groupColumns } from './groups-table.ts';
import type { GroupSeries } from './read-tier-groups.ts';

const isHighest = (name: GroupColumn) => name.endsWith('x');

/** Several groups as one: sums added, highest values compared, window by window. */
export const mergeGroups = (key: string, groups: readonly GroupSeries[]): GroupSeries => {
  const [first] = groups;
  if (groups.length === 1 && first) return { ...first, key };
  const startMs = Float64Array.from(new Set(groups.flatMap((group) => [...group.startMs]))).sort();
  const placeOf = new Map([...startMs].map((start, place) => [start, place]));
  const merged = (name: GroupColumn) => {
    const into = new Float64Array(startMs.length).fill(isHighest(name) ? Number.NaN : 0);
    for (const { rows, startMs: starts, columns } of groups)
      for (let at = 0; at < rows; at++) {
        const place = placeOf.get(starts[at] ?? 0) ?? 0;
        const value = columns[name][at] ?? Number.NaN;
        const before = into[place] ?? Number.NaN;
        if (Number.isNaN(value)) continue;
        if (!isHighest(name)) into[place] = before + value;
        else if (!(before >= value)) into[place] = value;
      }
    return into;
  };
  return {
    key,
    rows: startMs.length,
    startMs,
    columns: Object.fromEntries(groupColumns.map((name) => [name, merged(name)])) as GroupSeries['columns'],
  };
};
