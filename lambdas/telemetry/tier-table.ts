/**
 * Rows of miners (or of groups) as named columns: what every block above a batch holds. Rows are ordered by `minerIds` (sorted), within a miner by
 * the key column. NaN is absent; a column that nobody has a value in is left out.
 */
export type TierTable = {
  readonly rows: number;
  readonly minerIds: readonly string[];
  /** Where the rows of each of `minerIds` begin. */
  readonly groups: Uint32Array;
  readonly columns: ReadonlyMap<string, Float64Array>;
  /** What the values of the column `e` point to, counted from 1: sets of error codes. */
  readonly texts: readonly (readonly string[])[];
};

export const emptyTable: TierTable = {
  rows: 0,
  minerIds: [],
  groups: new Uint32Array(),
  columns: new Map(),
  texts: [],
};

export const textColumn = 'e';

/** Rows [from, to) of a miner by its place in `minerIds`. */
export const rowsOf = ({ groups, rows }: TierTable, miner: number): readonly [number, number] => [
  groups[miner] ?? rows,
  groups[miner + 1] ?? rows,
];

/** The miners from place `from` until before `to`, without copying their columns. */
export const sliceMiners = (table: TierTable, from: number, to: number): TierTable => {
  if (from === 0 && to === table.minerIds.length) return table;
  const start = table.groups[from] ?? table.rows;
  const end = table.groups[to] ?? table.rows;
  return {
    rows: end - start,
    minerIds: table.minerIds.slice(from, to),
    groups: table.groups.slice(from, to).map((row) => row - start),
    columns: new Map([...table.columns].map(([name, column]) => [name, column.subarray(start, end)])),
    texts: table.texts,
  };
};

/** Of a table of one miner, the rows whose key lies in [from, to), without copying their columns. */
export const cutKeys = (table: TierTable, key: string, from: number, to: number): TierTable => {
  const keys = table.columns.get(key);
  if (!keys || table.rows === 0) return table;
  const [start, end] = [placeOfKey(keys, from), placeOfKey(keys, to)];
  if (start === 0 && end === table.rows) return table;
  if (start >= end) return emptyTable;
  return {
    ...table,
    rows: end - start,
    columns: new Map([...table.columns].map(([name, column]) => [name, column.subarray(start, end)])),
  };
};

/** The place of the first of the ascending `keys` that is not less than `key`. */
const placeOfKey = (keys: Float64Array, key: number): number => {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** The place of the first of the sorted `ids` that is not less than `id`. */
export const placeOf = (ids: readonly string[], id: string): number => {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ids[middle] ?? '') < id) low = middle + 1;
    else high = middle;
  }
  return low;
};

export type MergeRules = {
  /** The column that orders a miner's rows; two rows that are equal in it are one. */
  readonly key: string;
  /** Every column that may occur, in the order in which they are stored. */
  readonly names: readonly string[];
};
export type Merged = {
  readonly table: TierTable;
  /** False: exactly the rows of the first table. */
  readonly changed: boolean;
};
/** Whether a row stays: by the place of its table, its key and its miner. */
export type Keep = (table: number, key: number, minerId: string) => boolean;

/**
 * All rows of the tables, as far as `keep` (by table and key) takes them. Of rows with one key always the same one stays, whatever their order:
 * the greater by its columns in the order of `names`, absent before all numbers. So merging is commutative, associative and idempotent.
 */
export const mergeTables = (tables: readonly TierTable[], rules: MergeRules, keep?: Keep): Merged => {
  const [only] = tables;
  if (tables.length === 1 && only && !keep) return { table: only, changed: false };
  const order = orderRows(tables, rules, keep);
  const table = gather(tables, order, rules.names);
  const changed = order.rows !== (only?.rows ?? 0) || order.runs.some(({ table: from }) => from !== 0);
  return { table, changed };
};

/** Rows of a table that stand one after the other in the result, too. */
type RowRun = { readonly table: number; readonly row: number; length: number };
type Order = {
  rows: number;
  readonly minerIds: string[];
  readonly groups: number[];
  readonly runs: RowRun[];
  readonly texts: readonly (readonly string[])[];
  /** Per table, what its texts' numbers are in the result. */
  readonly textOf: readonly (readonly number[])[];
};

const unionTexts = (tables: readonly TierTable[]) => {
  const byKey = new Map(tables.flatMap(({ texts }) => texts.map((text) => [JSON.stringify(text), text])));
  const keys = [...byKey.keys()].toSorted();
  const numbers = new Map(keys.map((key, index) => [key, index + 1]));
  return {
    texts: keys.map((key) => byKey.get(key) ?? []),
    textOf: tables.map(({ texts }) => [0, ...texts.map((text) => numbers.get(JSON.stringify(text)) ?? 0)]),
  };
};

const orderRows = (tables: readonly TierTable[], rules: MergeRules, keep?: Keep): Order => {
  const order: Order = { rows: 0, minerIds: [], groups: [], runs: [], ...unionTexts(tables) };
  const next = tables.map(() => 0);
  const keyColumns = tables.map(({ columns, rows }) => columns.get(rules.key) ?? absent(rows));
  /** The tables in the order of their first keys of the miner before: seldom another one for the next. */
  const sequence = tables.map((_, index) => index);
  const firstKeys = new Float64Array(tables.length);
  for (;;) {
    let id: string | undefined;
    tables.forEach(({ minerIds }, index) => {
      const candidate = minerIds[next[index] ?? 0];
      if (candidate !== undefined && (id === undefined || candidate < id)) id = candidate;
    });
    if (id === undefined) break;
    const owner = id;
    tables.forEach((source, index) => {
      const place = next[index] ?? 0;
      const hasMiner = source.minerIds[place] === owner;
      firstKeys[index] = hasMiner ? (keyColumns[index]?.[source.groups[place] ?? 0] ?? 0) : Number.NaN;
    });
    sortByKey(sequence, firstKeys);
    const [start, firstRun] = [order.rows, order.runs.length];
    let before = Number.NEGATIVE_INFINITY;
    let sorted = true;
    for (const index of sequence) {
      const source = tables[index];
      const column = keyColumns[index];
      const place = next[index] ?? 0;
      if (!source || !column || source.minerIds[place] !== owner) continue;
      next[index] = place + 1;
      const [from, to] = rowsOf(source, place);
      let run: RowRun | undefined;
      for (let at = from; at < to; at++) {
        const value = column[at] as number;
        if (keep && !keep(index, value, owner)) {
          run = undefined;
          continue;
        }
        if (!(value > before)) sorted = false;
        before = value;
        order.rows++;
        if (run) run.length++;
        else {
          run = { table: index, row: at, length: 1 };
          order.runs.push(run);
        }
      }
    }
    if (!sorted) settle(tables, order, keyColumns, start, firstRun, rules.names);
    if (order.rows === start) continue;
    order.minerIds.push(owner);
    order.groups.push(start);
  }
  return order;
};

const absent = (rows: number) => new Float64Array(rows).fill(Number.NaN);

/** Sorts a few places by their keys, those without one last. */
const sortByKey = (places: number[], keys: Float64Array) => {
  for (let at = 1; at < places.length; at++) {
    const place = places[at] as number;
    const key = keys[place] as number;
    let to = at;
    for (; to > 0; to--) {
      const other = places[to - 1] as number;
      const theirs = keys[other] as number;
      if (!(theirs > key || (Number.isNaN(theirs) && !Number.isNaN(key)))) break;
      places[to] = other;
    }
    places[to] = place;
  }
};

/** Sorts a miner's rows (those of the runs from `firstRun`) by key and leaves one of each key. */
const settle = (
  tables: readonly TierTable[],
  order: Order,
  keyColumns: readonly Float64Array[],
  start: number,
  firstRun: number,
  names: readonly string[],
) => {
  const rows = order.runs
    .splice(firstRun)
    .flatMap(({ table, row, length }) =>
      Array.from({ length }, (_, at) => ({ table, row: row + at, key: keyColumns[table]?.[row + at] ?? 0 })),
    )
    .sort((a, b) => a.key - b.key || a.table - b.table || a.row - b.row);
  const kept: (Place & { readonly key: number })[] = [];
  for (const candidate of rows) {
    const before = kept.at(-1);
    if (!before || before.key !== candidate.key) kept.push(candidate);
    else if (compareRows(tables, order, before, candidate, names) < 0) kept[kept.length - 1] = candidate;
  }
  let run: RowRun | undefined;
  for (const { table, row } of kept) {
    if (run && run.table === table && run.row + run.length === row) run.length++;
    else {
      run = { table, row, length: 1 };
      order.runs.push(run);
    }
  }
  order.rows = start + kept.length;
};

type Place = { readonly table: number; readonly row: number };

const compareRows = (
  tables: readonly TierTable[],
  { textOf }: Order,
  a: Place,
  b: Place,
  names: readonly string[],
) => {
  const figure = (name: string, { table, row }: Place) => {
    const value = tables[table]?.columns.get(name)?.[row] ?? Number.NaN;
    if (Number.isNaN(value)) return Number.NEGATIVE_INFINITY;
    return name === textColumn ? (textOf[table]?.[value] ?? 0) : value;
  };
  for (const name of names) {
    const [x, y] = [figure(name, a), figure(name, b)];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
};

const gather = (tables: readonly TierTable[], order: Order, names: readonly string[]): TierTable => {
  const { rows, minerIds, groups, runs, texts, textOf } = order;
  const columns = new Map<string, Float64Array>();
  const present = names.filter((name) => tables.some((source) => source.columns.has(name)));
  // One piece of memory for all columns: each by itself would cost more than to fill it.
  const memory = new ArrayBuffer(8 * rows * present.length);
  for (const name of present) {
    const sources = tables.map((source) => source.columns.get(name));
    const column = new Float64Array(memory, 8 * rows * columns.size, rows);
    let end = 0;
    for (const { table, row, length } of runs) {
      const source = sources[table];
      if (!source) column.fill(Number.NaN, end, end + length);
      else if (length > copiedAtOnce) column.set(source.subarray(row, row + length), end);
      else for (let at = 0; at < length; at++) column[end + at] = source[row + at] as number;
      if (source && name === textColumn) renumber(column, end, end + length, textOf[table] ?? []);
      end += length;
    }
    columns.set(name, column);
  }
  return { rows, minerIds, groups: Uint32Array.from(groups), columns, texts };
};

/** Shorter runs are quicker copied one by one. */
const copiedAtOnce = 24;

const renumber = (column: Float64Array, from: number, to: number, numbers: readonly number[]) => {
  for (let at = from; at < to; at++) {
    const number = column[at] as number;
    if (!Number.isNaN(number)) column[at] = numbers[number] ?? 0;
  }
};
