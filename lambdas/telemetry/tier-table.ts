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
  const changed = order.rows !== (only?.rows ?? 0) || order.table.some((from) => from !== 0);
  return { table, changed };
};

type Order = {
  rows: number;
  readonly minerIds: string[];
  readonly groups: number[];
  /** Which table and which of its rows stand at a place of the result. */
  readonly table: Uint16Array;
  readonly row: Uint32Array;
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

const orderRows = (tables: readonly TierTable[], { key, names }: MergeRules, keep?: Keep): Order => {
  const total = tables.reduce((sum, { rows }) => sum + rows, 0);
  const table = new Uint16Array(total);
  const row = new Uint32Array(total);
  const keys = new Float64Array(total);
  const order: Order = { rows: 0, minerIds: [], groups: [], table, row, ...unionTexts(tables) };
  const next = tables.map(() => 0);
  const keyColumns = tables.map(({ columns }) => columns.get(key));
  for (;;) {
    let id: string | undefined;
    tables.forEach(({ minerIds }, index) => {
      const candidate = minerIds[next[index] ?? 0];
      if (candidate !== undefined && (id === undefined || candidate < id)) id = candidate;
    });
    if (id === undefined) break;
    const start = order.rows;
    let sorted = true;
    for (const [index, source] of tables.entries()) {
      const place = next[index] ?? 0;
      if (source.minerIds[place] !== id) continue;
      next[index] = place + 1;
      const [from, to] = rowsOf(source, place);
      const column = keyColumns[index];
      for (let at = from; at < to; at++) {
        const value = column?.[at] ?? Number.NaN;
        if (keep && !keep(index, value, id)) continue;
        const end = order.rows++;
        table[end] = index;
        row[end] = at;
        keys[end] = value;
        if (end > start && value <= (keys[end - 1] ?? 0)) sorted = false;
      }
    }
    if (!sorted) settle(tables, order, keys, start, names);
    if (order.rows === start) continue;
    order.minerIds.push(id);
    order.groups.push(start);
  }
  return { ...order, table: table.subarray(0, order.rows), row: row.subarray(0, order.rows) };
};

/** Sorts the rows from `start` by key and leaves one of each key. */
const settle = (
  tables: readonly TierTable[],
  order: Order,
  keys: Float64Array,
  start: number,
  names: readonly string[],
) => {
  const rows = Array.from({ length: order.rows - start }, (_, index) => ({
    key: keys[start + index] ?? 0,
    table: order.table[start + index] ?? 0,
    row: order.row[start + index] ?? 0,
  })).toSorted((a, b) => a.key - b.key);
  let end = start;
  rows.forEach((candidate, index) => {
    const before = rows[index - 1];
    if (before && before.key === candidate.key) {
      end--;
      const kept = { table: order.table[end] ?? 0, row: order.row[end] ?? 0 };
      if (compareRows(tables, order, kept, candidate, names) >= 0) {
        end++;
        return;
      }
    }
    order.table[end] = candidate.table;
    order.row[end] = candidate.row;
    keys[end] = candidate.key;
    end++;
  });
  order.rows = end;
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
  const { rows, minerIds, groups, table, row, texts, textOf } = order;
  const columns = new Map<string, Float64Array>();
  for (const name of names) {
    const sources = tables.map((source) => source.columns.get(name));
    if (sources.every((source) => source === undefined)) continue;
    const column = new Float64Array(rows);
    for (let at = 0; at < rows; at++) {
      const source = sources[table[at] ?? 0];
      column[at] = source === undefined ? Number.NaN : (source[row[at] ?? 0] ?? Number.NaN);
    }
    if (name === textColumn)
      for (let at = 0; at < rows; at++) {
        const number = column[at] ?? Number.NaN;
        if (!Number.isNaN(number)) column[at] = textOf[table[at] ?? 0]?.[number] ?? 0;
      }
    columns.set(name, column);
  }
  return { rows, minerIds, groups: Uint32Array.from(groups), columns, texts };
};
