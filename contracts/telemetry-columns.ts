import {
  type MinerReading,
  minerStates,
  powerModes,
  type ReadingField,
  readingFieldNames,
  readingFields,
} from './reading.ts';

/** A column: whole numbers in units of the field's last decimal; NaN is absent. */
export type Column = Float64Array;

/**
 * Many readings as columns of equal length, ordered by miner (index into `minerIds`, which is sorted), then by time. What
 * a miner did not say is NaN in its field's column; a field that nobody said has no column.
 */
export type TelemetryColumns = {
  readonly rows: number;
  readonly minerIds: readonly string[];
  readonly miner: Uint32Array;
  readonly sampledAtMs: Float64Array;
  /** Index into minerStates. */
  readonly state: Uint8Array;
  /** 0: absent; otherwise the index into powerModes + 1. */
  readonly mode: Uint8Array;
  /** 0: absent; otherwise the index into errorSets + 1. */
  readonly errorSet: Uint16Array;
  readonly errorSets: readonly (readonly string[])[];
  readonly values: Readonly<Partial<Record<ReadingField, Column>>>;
};

const scales = Object.fromEntries(
  readingFieldNames.map((field) => [field, 10 ** readingFields[field].decimals]),
);
export const scaleOf = (field: ReadingField): number => scales[field] ?? 1;

/** Readings as columns. Throws RangeError when a value is no finite number that fits. */
export const toColumns = (readings: readonly MinerReading[]): TelemetryColumns => {
  const rows = readings.toSorted((a, b) =>
    a.minerId < b.minerId ? -1 : a.minerId > b.minerId ? 1 : a.sampledAtMs - b.sampledAtMs,
  );
  const minerIds: string[] = [];
  const errorSets: string[][] = [];
  const errorIndex = new Map<string, number>();
  const columns = {
    miner: new Uint32Array(rows.length),
    sampledAtMs: new Float64Array(rows.length),
    state: new Uint8Array(rows.length),
    mode: new Uint8Array(rows.length),
    errorSet: new Uint16Array(rows.length),
  };
  const values: Partial<Record<ReadingField, Column>> = {};
  rows.forEach((row, at) => {
    if (minerIds.at(-1) !== row.minerId) minerIds.push(row.minerId);
    columns.miner[at] = minerIds.length - 1;
    columns.sampledAtMs[at] = row.sampledAtMs;
    columns.state[at] = minerStates.indexOf(row.state);
    columns.mode[at] = row.mode === undefined ? 0 : powerModes.indexOf(row.mode) + 1;
    if (row.errorCodes) {
      const key = JSON.stringify(row.errorCodes);
      const known = errorIndex.get(key) ?? errorSets.push([...row.errorCodes]);
      errorIndex.set(key, known);
      columns.errorSet[at] = known;
    }
  });
  for (const field of readingFieldNames) {
    const scale = scaleOf(field);
    let column: Column | undefined;
    for (let at = 0; at < rows.length; at++) {
      const value = rows[at]?.values[field];
      if (value === undefined) continue;
      const scaled = Math.round(value * scale);
      if (!Number.isSafeInteger(scaled))
        throw new RangeError(`${field} of ${rows[at]?.minerId} is not a number that fits: ${value}`);
      column ??= new Float64Array(rows.length).fill(Number.NaN);
      column[at] = scaled;
    }
    if (column) values[field] = column;
  }
  return { rows: rows.length, minerIds, ...columns, errorSets, values };
};

/** One row as a reading. */
export const readingAt = (columns: TelemetryColumns, at: number): MinerReading => {
  const mode = powerModes[(columns.mode[at] ?? 0) - 1];
  const errorCodes = columns.errorSets[(columns.errorSet[at] ?? 0) - 1];
  const values: MinerReading['values'] = {};
  for (const field of readingFieldNames) {
    const value = columns.values[field]?.[at];
    if (value !== undefined && !Number.isNaN(value)) values[field] = value / scaleOf(field);
  }
  return {
    minerId: columns.minerIds[columns.miner[at] ?? 0] ?? '',
    sampledAtMs: columns.sampledAtMs[at] ?? 0,
    state: minerStates[columns.state[at] ?? 0] ?? 'unreachable',
    ...(mode && { mode }),
    ...(errorCodes && { errorCodes: [...errorCodes] }),
    values,
  };
};

/** All rows as readings, in the columns' order. For tools and tests: the hot paths stay in columns. */
export const toReadings = (columns: TelemetryColumns): MinerReading[] =>
  Array.from({ length: columns.rows }, (_, at) => readingAt(columns, at));
