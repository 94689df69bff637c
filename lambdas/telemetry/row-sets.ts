import { type ReadingField, readingFieldNames } from '../../contracts/reading.ts';
import type { Column, TelemetryColumns } from '../../contracts/telemetry-columns.ts';

/** Where a row of a new set comes from. */
type Source = { readonly columns: TelemetryColumns; readonly row: number };

/**
 * A set of rows out of others, in the order given, which must be that of the miners (`minerIds` sorted, `minerOf` by row) and then of
 * time. Error sets that no row has any more are left out.
 */
export const gatherRows = (
  minerIds: readonly string[],
  minerOf: ArrayLike<number>,
  sources: readonly TelemetryColumns[],
  sourceOf: ArrayLike<number>,
  rowOf: ArrayLike<number>,
): TelemetryColumns => {
  const rows = rowOf.length;
  const miner = Uint32Array.from({ length: rows }, (_, at) => minerOf[at] ?? 0);
  const sampledAtMs = new Float64Array(rows);
  const state = new Uint8Array(rows);
  const mode = new Uint8Array(rows);
  const errorSet = new Uint16Array(rows);
  const errorSets: (readonly string[])[] = [];
  const errorIndex = new Map<string, number>();
  const values: Partial<Record<ReadingField, Column>> = {};
  sources.forEach((source, which) => {
    for (let at = 0; at < rows; at++) {
      if (sourceOf[at] !== which) continue;
      const row = rowOf[at] as number;
      sampledAtMs[at] = source.sampledAtMs[row] as number;
      state[at] = source.state[row] as number;
      mode[at] = source.mode[row] as number;
    }
    for (const field of readingFieldNames) {
      const from = source.values[field];
      if (!from) continue;
      let column = values[field];
      for (let at = 0; at < rows; at++) {
        if (sourceOf[at] !== which) continue;
        const value = from[rowOf[at] as number] as number;
        if (Number.isNaN(value)) continue;
        column ??= values[field] = new Float64Array(rows).fill(Number.NaN);
        column[at] = value;
      }
    }
  });
  for (let at = 0; at < rows; at++) {
    const source = sources[sourceOf[at] as number];
    const codes = source?.errorSets[(source.errorSet[rowOf[at] as number] ?? 0) - 1];
    if (!codes) continue;
    const key = JSON.stringify(codes);
    const index = errorIndex.get(key) ?? errorSets.push(codes);
    errorIndex.set(key, index);
    errorSet[at] = index;
  }
  return { rows, minerIds, miner, sampledAtMs, state, mode, errorSet, errorSets, values: inOrder(values) };
};

const inOrder = (values: Partial<Record<ReadingField, Column>>) => {
  const ordered: Partial<Record<ReadingField, Column>> = {};
  for (const field of readingFieldNames) {
    const column = values[field];
    if (column) ordered[field] = column;
  }
  return ordered;
};

/** Some rows of a set, ascending; miners of which none is left are left out, too. */
export const takeRows = (columns: TelemetryColumns, taken: ArrayLike<number>): TelemetryColumns => {
  const minerIds: string[] = [];
  const minerOf: number[] = [];
  let last = -1;
  for (let at = 0; at < taken.length; at++) {
    const miner = columns.miner[taken[at] as number] as number;
    if (miner !== last) minerIds.push(columns.minerIds[miner] ?? '');
    last = miner;
    minerOf.push(minerIds.length - 1);
  }
  return gatherRows(minerIds, minerOf, [columns], new Uint8Array(taken.length), taken);
};

/**
 * Which of two rows of one miner and time stands: the same one, whichever is asked about first, and the same as where blocks are
 * merged (tier-table.ts): the greater by state, mode, error codes and then field by field, absent before all. Below zero for `a`.
 */
export const compareRows = (a: Source, b: Source): number => {
  const state = (b.columns.state[b.row] ?? 0) - (a.columns.state[a.row] ?? 0);
  if (state !== 0) return state;
  const mode = (b.columns.mode[b.row] ?? 0) - (a.columns.mode[a.row] ?? 0);
  if (mode !== 0) return mode;
  const [one, other] = [codesOf(a), codesOf(b)];
  if (one !== other) return one > other ? -1 : 1;
  for (const field of readingFieldNames) {
    const [mine, others] = [figureOf(a, field), figureOf(b, field)];
    if (mine !== others) return others - mine;
  }
  return 0;
};

const figureOf = ({ columns, row }: Source, field: ReadingField) => {
  const value = columns.values[field]?.[row] ?? Number.NaN;
  return Number.isNaN(value) ? -Number.MAX_VALUE : value;
};
const codesOf = ({ columns, row }: Source) => {
  const codes = columns.errorSets[(columns.errorSet[row] ?? 0) - 1];
  return codes ? JSON.stringify(codes) : '';
};
