import { type ReadingField, readingFieldNames } from '../../contracts/reading.ts';
import type { Column, TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { type MergeRules, rowsOf, type TierTable } from './tier-table.ts';

/** Columns of raw rows: time since the block's start, state, mode, error set (each absent where 0), then the fields by their number. */
const fieldColumn = new Map(readingFieldNames.map((field, index) => [field, String(index)]));
export const rawRules: MergeRules = { key: 't', names: ['t', 's', 'm', 'e', ...fieldColumn.values()] };

/** The columns to read for these fields; time, state, mode and errors always. */
export const rawColumnsOf = (fields: readonly ReadingField[]): ReadonlySet<string> =>
  new Set(['t', 's', 'm', 'e', ...fields.map((field) => fieldColumn.get(field) ?? '')]);

const sparse = (numbers: ArrayLike<number>) => {
  const column = new Float64Array(numbers.length);
  let any = false;
  for (let at = 0; at < column.length; at++) {
    const value = numbers[at] ?? 0;
    if (value !== 0) any = true;
    column[at] = value === 0 ? Number.NaN : value;
  }
  return any ? column : undefined;
};

/** Rows as they came, for merging; times count from `baseMs`. */
export const toRawTable = (columns: TelemetryColumns, baseMs: number): TierTable => {
  const groups = new Uint32Array(columns.minerIds.length);
  for (let at = columns.rows - 1; at >= 0; at--) groups[columns.miner[at] ?? 0] = at;
  const into = new Map<string, Float64Array>();
  into.set(
    't',
    columns.sampledAtMs.map((at) => at - baseMs),
  );
  for (const [name, numbers] of [
    ['s', columns.state],
    ['m', columns.mode],
    ['e', columns.errorSet],
  ] as const) {
    const column = sparse(numbers);
    if (column) into.set(name, column);
  }
  for (const [field, name] of fieldColumn) {
    const column = columns.values[field];
    if (column) into.set(name, column);
  }
  return { rows: columns.rows, minerIds: columns.minerIds, groups, columns: into, texts: columns.errorSets };
};

/** Rows of a block, with their times since the epoch. */
export const fromRawTable = (table: TierTable, baseMs: number): TelemetryColumns => {
  const { rows, columns } = table;
  const miner = new Uint32Array(rows);
  table.minerIds.forEach((_, place) => {
    const [from, to] = rowsOf(table, place);
    miner.fill(place, from, to);
  });
  const numbers = <T extends Uint8Array | Uint16Array>(into: T, name: string): T => {
    const column = columns.get(name);
    if (column) for (let at = 0; at < rows; at++) into[at] = column[at] || 0;
    return into;
  };
  const values: Partial<Record<ReadingField, Column>> = {};
  for (const [field, name] of fieldColumn) {
    const column = columns.get(name);
    if (column) values[field] = column;
  }
  return {
    rows,
    minerIds: table.minerIds,
    miner,
    sampledAtMs: (columns.get('t') ?? new Float64Array(rows)).map((at) => at + baseMs),
    state: numbers(new Uint8Array(rows), 's'),
    mode: numbers(new Uint8Array(rows), 'm'),
    errorSet: numbers(new Uint16Array(rows), 'e'),
    errorSets: table.texts,
    values,
  };
};
