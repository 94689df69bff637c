import type { Bounds } from '../../contracts/column-read.ts';
import { readingFieldNames } from '../../contracts/reading.ts';
import { type Column, scaleOf, type TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { maxAheadMs, plausible } from './plausible.ts';
import { compareRows, takeRows } from './row-sets.ts';

export type CheckedColumns = {
  /** The very columns that were given, where nothing had to be taken out. */
  readonly columns: TelemetryColumns;
  /** Single values that no instrument can mean, taken out of their rows. */
  readonly droppedValues: number;
  /** Rows from the future, rows of others' miners and second rows of one miner and time, left out. */
  readonly droppedRows: number;
};

/**
 * Takes out single impossible values, rows from the future and those of `foreign` miners; the rest of the batch stands. `known` are bounds of fields that
 * need no second look.
 */
export const checkColumns = (
  batch: TelemetryColumns,
  receivedAtMs: number,
  foreign: ReadonlySet<string> = new Set(),
  known: ReadonlyMap<string, Bounds> = new Map(),
): CheckedColumns => {
  const kept = keptRows(batch, receivedAtMs + maxAheadMs, foreign);
  const columns = kept ? takeRows(batch, kept) : batch;
  const droppedRows = batch.rows - columns.rows;
  let droppedValues = 0;
  const values: Partial<Record<(typeof readingFieldNames)[number], Column>> = {};
  for (const field of readingFieldNames) {
    const column = columns.values[field];
    if (!column) continue;
    const { least, most } = bounds[field];
    const its = known.get(field);
    const isWithin = its !== undefined && its.least >= least && its.most <= most;
    const bad = isWithin ? 0 : countOutside(column, least, most);
    droppedValues += bad;
    values[field] =
      bad === 0 ? column : column.map((value) => (value < least || value > most ? Number.NaN : value));
  }
  return {
    columns: droppedValues === 0 ? columns : { ...columns, values: withoutEmpty(values) },
    droppedValues,
    droppedRows,
  };
};

const boundsOf = (field: (typeof readingFieldNames)[number]) => ({
  least: plausible[field].min * scaleOf(field),
  most: plausible[field].max * scaleOf(field),
});
const bounds = Object.fromEntries(readingFieldNames.map((field) => [field, boundsOf(field)])) as Record<
  (typeof readingFieldNames)[number],
  ReturnType<typeof boundsOf>
>;

const countOutside = (column: Column, least: number, most: number) => {
  let count = 0;
  for (let at = 0; at < column.length; at++) {
    const value = column[at] as number;
    if (value < least || value > most) count++;
  }
  return count;
};

const withoutEmpty = (values: Partial<Record<(typeof readingFieldNames)[number], Column>>) =>
  Object.fromEntries(
    Object.entries(values).filter(([, column]) => column.some((value) => !Number.isNaN(value))),
  );

const areAllGood = ({ rows, miner, sampledAtMs }: TelemetryColumns, latestMs: number) => {
  for (let row = 0; row < rows; row++) {
    const atMs = sampledAtMs[row] as number;
    if (atMs > latestMs) return false;
    if (row > 0 && atMs === sampledAtMs[row - 1] && miner[row] === miner[row - 1]) return false;
  }
  return true;
};

/** Undefined: all. */
const keptRows = (
  batch: TelemetryColumns,
  latestMs: number,
  foreign: ReadonlySet<string>,
): number[] | undefined => {
  const { rows, miner, minerIds, sampledAtMs } = batch;
  if (foreign.size === 0 && areAllGood(batch, latestMs)) return undefined;
  const isForeign = minerIds.map((id) => foreign.has(id));
  const kept: number[] = [];
  for (let row = 0; row < rows; row++) {
    if ((sampledAtMs[row] as number) > latestMs || isForeign[miner[row] as number]) continue;
    const last = kept.at(-1);
    const isSecond =
      last !== undefined && miner[last] === miner[row] && sampledAtMs[last] === sampledAtMs[row];
    if (!isSecond) kept.push(row);
    else if (compareRows({ columns: batch, row }, { columns: batch, row: last }) < 0)
      kept[kept.length - 1] = row;
  }
  return kept.length === rows ? undefined : kept;
};
