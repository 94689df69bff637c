import { BatchError, type Reader, Writer } from './batch-bytes.ts';
import { packTable } from './column-codec.ts';
import type { Bounds } from './column-read.ts';
import type { ColumnTable } from './column-table.ts';
import { type BoundedTable, unpackTable } from './column-unpack.ts';
import { freshMemory, type Memory } from './memory.ts';
import { readNames, writeNames } from './name-list.ts';
import { minerStates, powerModes, type ReadingField, readingFieldNames } from './reading.ts';
import type { TelemetryColumns } from './telemetry-columns.ts';

/** Rows that one document may hold: those of 300 miners for a day, one a minute. */
const maxDocumentRows = 432_000;
const maxErrorSets = 65_535;
const stateNames = ['sampledAtMs', 'state', 'mode', 'errorSet'] as const;
const fieldNames: ReadonlySet<string> = new Set(readingFieldNames);
const isField = (name: string): name is ReadingField => fieldNames.has(name);

/** Where each miner's rows begin. Throws RangeError unless rows are ordered by miner, then by time, and every miner has one. */
const groupsOf = ({ rows, minerIds, miner, sampledAtMs }: TelemetryColumns): Uint32Array => {
  const groups = new Uint32Array(minerIds.length);
  let next = 0;
  for (let at = 0; at < rows; at++) {
    const index = miner[at];
    const time = sampledAtMs[at] ?? Number.NaN;
    if (!(time >= 0)) throw new RangeError(`row ${at} has no time`);
    if (index === next - 1) {
      if (time < (sampledAtMs[at - 1] ?? 0)) throw new RangeError('rows are not in the order of their times');
      continue;
    }
    if (index !== next || next === groups.length) throw new RangeError('rows are not ordered by miner');
    groups[next++] = at;
  }
  if (next !== groups.length) throw new RangeError(`${minerIds[next]} has no row`);
  return groups;
};

/** The error sets in the order in which rows name them first, each once, and the rows' indexes into that list. */
const canonicalErrors = ({ rows, errorSet, errorSets }: TelemetryColumns) => {
  const column = new Float64Array(rows);
  const keys = errorSets.map((set) => JSON.stringify(set));
  const order = new Map<string, number>();
  for (let at = 0; at < rows; at++) {
    const index = errorSet[at] ?? 0;
    if (index === 0) continue;
    const key = keys[index - 1];
    if (key === undefined) throw new RangeError(`row ${at} names an error set that is not there`);
    const known = order.get(key);
    if (known === undefined) order.set(key, order.size + 1);
    column[at] = known ?? order.size;
  }
  return { column, sets: [...order.keys()] };
};

/** Rows as a table: one group a miner, one column for each of the time, the state, the mode, the error set, and every field. */
const toTable = (columns: TelemetryColumns, errors: Float64Array): ColumnTable => {
  const named = new Map<string, Float64Array>([
    ['sampledAtMs', columns.sampledAtMs],
    ['state', new Float64Array(columns.state)],
    ['mode', new Float64Array(columns.mode)],
    ['errorSet', errors],
  ]);
  for (const field of readingFieldNames) {
    const column = columns.values[field];
    if (column?.some((value) => !Number.isNaN(value))) named.set(field, column);
  }
  return { rows: columns.rows, groups: groupsOf(columns), columns: named };
};

/**
 * Packs rows with a header text of the caller's. Equal rows give equal bytes, whatever the order of their error sets and whether fields
 * that nobody said have a column. Throws RangeError when the rows are not ordered, or a value is no whole number within 2^53.
 */
export const encodeRows = (columns: TelemetryColumns, header = ''): Uint8Array => {
  const { column, sets } = canonicalErrors(columns);
  const table = toTable(columns, column);
  const head = new Writer();
  head.text(header);
  writeNames(head, columns.minerIds);
  head.text(sets.length === 0 ? '' : `[${sets.join(',')}]`);
  return packTable(head, table);
};

/** Rows with their header; and of each field, between what its values lie. */
export type DecodedRows = {
  readonly header: string;
  readonly columns: TelemetryColumns;
  readonly bounds: ReadonlyMap<string, Bounds>;
};

/**
 * Unpacks rows; with `only`, the fields that it names (times, states, modes and error sets always come along). Throws BatchError when the
 * bytes do not fit the format.
 */
export const decodeRows = (
  bytes: Uint8Array,
  {
    only,
    maxRows = maxDocumentRows,
    memory = freshMemory,
  }: {
    readonly only?: ReadonlySet<ReadingField>;
    readonly maxRows?: number;
    readonly memory?: Memory;
  } = {},
): DecodedRows => {
  const wanted = only && new Set<string>([...stateNames, ...only]);
  let header = '';
  let minerIds: readonly string[] = [];
  let errorSets: string[][] = [];
  const table = unpackTable(bytes, {
    maxRows,
    memory,
    ...(wanted && { only: wanted }),
    readHead: (reader) => {
      header = reader.text();
      minerIds = readNames(reader, maxRows);
      errorSets = readErrorSets(reader);
    },
  });
  return { header, columns: toRows(table, minerIds, errorSets, memory), bounds: table.bounds };
};

const readErrorSets = (reader: Reader): string[][] => {
  const text = reader.text();
  if (text === '') return [];
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new BatchError('BAD_HEADER', 'the error sets are not JSON');
  }
  if (!isErrorSets(json)) throw new BatchError('BAD_HEADER', 'the error sets are no lists of texts');
  return json;
};

const isErrorSets = (json: unknown): json is string[][] =>
  Array.isArray(json) &&
  json.length <= maxErrorSets &&
  json.every(
    (set) =>
      Array.isArray(set) &&
      set.length <= 32 &&
      set.every((code) => typeof code === 'string' && code.length >= 1 && code.length <= 40),
  );

const toRows = (
  { rows, groups, columns, bounds }: BoundedTable,
  minerIds: readonly string[],
  errorSets: string[][],
  memory: Memory,
): TelemetryColumns => {
  if (groups.length !== minerIds.length)
    throw new BatchError('BAD_HEADER', `${groups.length} groups of rows for ${minerIds.length} miners`);
  const miner = minersOf(groups, memory.uint32(rows));
  /** A column that every row has a value of, from 0 to below the limit. */
  const full = (name: string, below: number) => {
    const column = columns.get(name);
    if (!column) throw new BatchError('BAD_HEADER', `there is no column ${name}`);
    const its = bounds.get(name);
    if (rows > 0 && !(its?.isFull && its.least >= 0 && its.most < below))
      throw new BatchError('BAD_VALUE', `the column ${name} is out of range`);
    return column;
  };
  const sampledAtMs = full('sampledAtMs', Number.POSITIVE_INFINITY);
  if (groups.length < rows) checkOrder(miner, sampledAtMs);
  const values: Partial<Record<ReadingField, Float64Array>> = {};
  for (const [name, column] of columns) {
    if (isField(name)) values[name] = column;
    else if (!stateNames.some((known) => known === name))
      throw new BatchError('BAD_HEADER', 'there is a column that is no field');
  }
  return {
    rows,
    minerIds,
    miner,
    sampledAtMs,
    state: narrow(full('state', minerStates.length), memory.uint8(rows)),
    mode: narrow(full('mode', powerModes.length + 1), memory.uint8(rows)),
    errorSet: narrow(full('errorSet', errorSets.length + 1), memory.uint16(rows)),
    errorSets,
    values,
  };
};

const minersOf = (groups: Uint32Array, miner: Uint32Array) => {
  for (let at = 0; at < groups.length; at++) {
    const end = groups[at + 1] ?? miner.length;
    for (let row = groups[at] as number; row < end; row++) miner[row] = at;
  }
  return miner;
};

const checkOrder = (miner: Uint32Array, sampledAtMs: Float64Array) => {
  for (let at = 1; at < miner.length; at++)
    if (miner[at] === miner[at - 1] && (sampledAtMs[at] as number) < (sampledAtMs[at - 1] as number))
      throw new BatchError('BAD_VALUE', `row ${at} is older than the row before it`);
};

const narrow = <T extends Uint8Array | Uint16Array>(column: Float64Array, into: T): T => {
  for (let at = 0; at < column.length; at++) into[at] = column[at] as number;
  return into;
};
