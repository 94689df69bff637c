import { crc32, zstdCompressSync } from 'node:zlib';
import { Writer } from './batch-bytes.ts';
import { everyPlace, type Places, placesUnder } from './column-places.ts';
import {
  choosePlan,
  distinctOf,
  divisorOf,
  largestCoded,
  type Scan,
  scan,
  spreadWithin,
  toIndexes,
} from './column-plan.ts';
import { firstShares, runs, toRemainders } from './column-predictors.ts';
import { type ColumnTable, kinds, maxCells, maxColumns, maxRowsOfTable } from './column-table.ts';
import { costOf, writeNumbers } from './column-tokens.ts';
import { unpackTable } from './column-unpack.ts';
import { freshMemory } from './memory.ts';
import { writeNames } from './name-list.ts';

/** Packs a table (docs/telemetry-format.md). Equal tables give equal bytes, whatever the order of their columns. */
export const encodeTable = (table: ColumnTable): Uint8Array => packTable(new Writer(), table);

/**
 * Unpacks a table, columns in the order of their names; with `only`, the columns that it names. Throws BatchError when the bytes do not
 * fit the format.
 */
export const decodeTable = (bytes: Uint8Array, only?: ReadonlySet<string>): ColumnTable => {
  const { rows, groups, columns } = unpackTable(bytes, only && { only });
  return { rows, groups, columns };
};

// Scratch memory, kept between calls: nothing here waits, so no two calls are under way at once.
let dense = new Float64Array(0);
let remainders = new Float64Array(0);
let noClasses = new Uint8Array(0);

const reserve = (rows: number) => {
  if (dense.length >= rows) return;
  const size = Math.max(rows, dense.length * 2, 1024);
  dense = new Float64Array(size);
  remainders = new Float64Array(size);
  noClasses = new Uint8Array(size);
};

/** The table behind a head of the caller's own (in `meta`), as one document. */
export const packTable = (meta: Writer, table: ColumnTable): Uint8Array => {
  const { rows, groups } = table;
  const names = [...table.columns.keys()].sort();
  checkShape(table, names.length);
  reserve(rows);
  const columns = names.map((name) => table.columns.get(name) ?? dense);
  const scans = columns.map((column, at) => scan(names[at] ?? '', column, rows));
  meta.varint(rows);
  writeGroups(meta, table);
  writeNames(meta, names);
  const masks = findMasks(columns, scans, rows);
  meta.varint(masks.bitmaps.length);
  for (const bitmap of masks.bitmaps) meta.bytes(bitmap);
  const distinct = columns.map((column, at) =>
    canBeListed(scans[at]) ? distinctOf(column, rows) : undefined,
  );
  const classColumn = chooseClasses(columns, scans, distinct, table);
  meta.varint(classColumn + 1);
  let classes: Uint8Array | undefined;
  if (classColumn >= 0) {
    classes = new Uint8Array(rows);
    toIndexes(columns[classColumn] ?? dense, rows, distinct[classColumn] ?? [], classes);
  }
  const every = everyPlace(rows, groups, classes, freshMemory);
  const places = [every, ...masks.bitmaps.map((bitmap) => placesUnder(bitmap, every, freshMemory))];
  const payload = new Writer();
  for (let at = 0; at < columns.length; at++) {
    const found = scans[at];
    if (!found) continue;
    if (found.absent === rows) {
      meta.byte(kinds.absent);
      continue;
    }
    const mask = masks.of[at] ?? 0;
    const place = places[mask];
    if (place)
      writeColumn(meta, payload, columns[at] ?? dense, found, mask, place, distinct[at], at === classColumn);
  }
  return seal(meta.done(), payload.done());
};

const checkShape = ({ rows, groups, columns }: ColumnTable, count: number) => {
  if (rows > maxRowsOfTable || count > maxColumns || rows * count > maxCells)
    throw new RangeError(`a table of ${rows} rows and ${count} columns is too large`);
  if (rows > 0 && groups[0] !== 0) throw new RangeError('the first group begins with the first row');
  for (let at = 0; at < groups.length; at++)
    if ((groups[at] ?? 0) > (groups[at + 1] ?? rows)) throw new RangeError('groups are not in order');
  for (const [name, column] of columns)
    if (column.length !== rows)
      throw new RangeError(`the column ${name} has ${column.length} of ${rows} rows`);
};

/** How many groups; how many rows each has, or 0 and then each one's. */
const writeGroups = (out: Writer, { rows, groups }: ColumnTable) => {
  out.varint(groups.length);
  const sizeOf = (at: number) => (groups[at + 1] ?? rows) - (groups[at] ?? 0);
  const size = groups.length === 0 ? 0 : sizeOf(0);
  let isEven = size > 0;
  for (let at = 1; at < groups.length && isEven; at++) isEven = sizeOf(at) === size;
  out.varint(isEven ? size : 0);
  if (!isEven) for (let at = 0; at < groups.length; at++) out.varint(sizeOf(at));
};

/** The distinct patterns of presence; `of` a column is its pattern counted from 1, or 0 where no row or every row is absent. */
const findMasks = (columns: readonly Float64Array[], scans: readonly Scan[], rows: number) => {
  const bitmaps: Uint8Array[] = [];
  const known = new Map<string, number>();
  const of = columns.map((column, index) => {
    const { absent } = scans[index] ?? { absent: 0 };
    if (absent === 0 || absent === rows) return 0;
    const bitmap = new Uint8Array(Math.ceil(rows / 8));
    for (let at = 0; at < rows; at++)
      if (!Number.isNaN(column[at] as number))
        bitmap[at >> 3] = (bitmap[at >> 3] as number) | (1 << (at & 7));
    const key = Buffer.from(bitmap).toString('latin1');
    const mask = known.get(key) ?? bitmaps.push(bitmap);
    known.set(key, mask);
    return mask;
  });
  return { bitmaps, of };
};

const canBeListed = (found: Scan | undefined) =>
  found !== undefined &&
  found.absent === 0 &&
  found.least < found.most &&
  found.most <= largestCoded &&
  found.least >= -largestCoded;

const fewestGroupsWithClasses = 64;
const sampledGroups = 256;
const sampledColumns = 4;

/**
 * The column whose values tell the others' best at the beginnings of groups (a model's nominal hashrate, say), or -1. A prediction looks only
 * at rows of its own class.
 */
const chooseClasses = (
  columns: readonly Float64Array[],
  scans: readonly Scan[],
  distinct: readonly (readonly number[] | undefined)[],
  { rows, groups }: ColumnTable,
): number => {
  if (groups.length < fewestGroupsWithClasses) return -1;
  const sampled = groups.subarray(0, sampledGroups).filter((row, at) => row < (groups[at + 1] ?? rows));
  const told = columns.flatMap((_, at) => (canBeListed(scans[at]) && !distinct[at] ? [at] : []));
  if (told.length === 0) return -1;
  const step = Math.max(1, Math.floor(told.length / sampledColumns));
  const references = told.filter((_, at) => at % step === 0).slice(0, sampledColumns);
  const spread = (classes: Uint8Array) =>
    references.reduce((sum, at) => sum + spreadWithin(columns[at] ?? dense, classes, sampled), 0);
  let best = -1;
  let least = spread(noClasses) * 0.98;
  const classes = new Uint8Array(rows);
  distinct.forEach((values, at) => {
    if (!values) return;
    toIndexes(columns[at] ?? dense, (sampled.at(-1) ?? 0) + 1, values, classes);
    const its = spread(classes);
    if (its >= least) return;
    best = at;
    least = its;
  });
  return best;
};

const writeColumn = (
  meta: Writer,
  payload: Writer,
  column: Float64Array,
  { absent, least, most }: Scan,
  mask: number,
  places: Places,
  known: readonly number[] | undefined,
  isClass: boolean,
) => {
  const kind = (number: number) => {
    meta.byte(number);
    meta.varint(mask);
  };
  const { count, marks } = places;
  let values = column;
  if (absent > 0) {
    values = dense;
    for (let at = 0; at < count; at++) dense[at] = column[(marks[at] as number) >> 9] as number;
  }
  if (most > largestCoded || least < -largestCoded) {
    kind(kinds.plain);
    payload.bytes(plainBytes(values, count));
    return;
  }
  if (least === most) {
    kind(kinds.constant);
    meta.signed(least);
    return;
  }
  const distinct = absent > 0 ? distinctOf(values, count) : known;
  if (isClass && distinct) {
    kind(kinds.listed);
    writeListed(meta, payload, values, count, distinct);
    return;
  }
  const divisor = divisorOf(values, count);
  if (divisor > 1) {
    for (let at = 0; at < count; at++) dense[at] = (values[at] as number) / divisor;
    values = dense;
  }
  const base = values[0] as number;
  const plan = choosePlan(values, places, base, remainders);
  if (distinct) {
    toRemainders(values, places, count, base, plan.run, plan.share, remainders);
    const predicted = costOf(remainders, count);
    const scaled = distinct.map((value) => value / divisor);
    toIndexes(values, count, scaled, remainders);
    if (costOf(remainders, count) + 12 * distinct.length < predicted) {
      kind(kinds.listed);
      writeList(meta, distinct);
      writeNumbers(meta, payload, remainders, count);
      return;
    }
  }
  kind(kinds.predicted);
  meta.byte(runs.indexOf(plan.run) * 16 + firstShares.indexOf(plan.share));
  meta.varint(divisor);
  meta.signed(base);
  toRemainders(values, places, count, base, plan.run, plan.share, remainders);
  writeNumbers(meta, payload, remainders, count);
};

const writeList = (meta: Writer, distinct: readonly number[]) => {
  meta.varint(distinct.length);
  let before = 0;
  for (const value of distinct) {
    meta.signed(value - before);
    before = value;
  }
};

const writeListed = (
  meta: Writer,
  payload: Writer,
  values: Float64Array,
  count: number,
  distinct: readonly number[],
) => {
  writeList(meta, distinct);
  toIndexes(values, count, distinct, remainders);
  writeNumbers(meta, payload, remainders, count);
};

const plainBytes = (values: Float64Array, count: number) => {
  const bytes = Buffer.alloc(count * 8);
  for (let at = 0; at < count; at++) bytes.writeDoubleLE(values[at] as number, at * 8);
  return bytes;
};

/** CRC-32 of all that follows (4 bytes, the least first), the length of the zstd frame of `meta`, the frame, the payload. */
const seal = (meta: Uint8Array, payload: Uint8Array): Uint8Array => {
  const frame = zstdCompressSync(meta);
  const length = new Writer(8);
  length.varint(frame.length);
  const document = Buffer.concat([Buffer.alloc(4), length.done(), frame, payload]);
  document.writeUInt32LE(crc32(document.subarray(4)));
  return document;
};
