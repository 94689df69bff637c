import { crc32, zstdDecompressSync } from 'node:zlib';
import { BatchError, Reader } from './batch-bytes.ts';
import { everyPlace, type Places, placesUnder } from './column-places.ts';
import { firstShares, fromRemainders, runs } from './column-predictors.ts';
import {
  type Bounds,
  type Payload,
  payloadOf,
  readNear,
  readNumbers,
  readSmallNumbers,
} from './column-read.ts';
import { type ColumnTable, kinds, maxCells, maxColumns, maxRowsOfTable } from './column-table.ts';
import { type Coded, codedBytes, readCoded } from './column-tokens.ts';
import { freshMemory, type Memory } from './memory.ts';
import { readNames } from './name-list.ts';

const maxFrameBytes = 16 * 1024 * 1024;
/** Most frames are smaller unpacked. */
const usualFrameBytes = 16 * 1024;

const open = (bytes: Uint8Array): { readonly meta: Reader; readonly payload: Uint8Array } => {
  const document = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (document.length < 5 || document.readUInt32LE() !== crc32(document.subarray(4)))
    throw new BatchError('BAD_COMPRESSION', 'the bytes are damaged or cut short: their checksum is another');
  const reader = new Reader(document.subarray(4));
  const frame = reader.bytes(reader.varint());
  try {
    const limits = { maxOutputLength: maxFrameBytes, chunkSize: usualFrameBytes };
    return { meta: new Reader(zstdDecompressSync(frame, limits)), payload: reader.rest() };
  } catch {
    throw new BatchError('BAD_COMPRESSION', 'the zstd frame is damaged or larger than 16 MiB inflated');
  }
};

const readGroups = (reader: Reader, rows: number, memory: Memory) => {
  const count = reader.varint();
  const size = reader.varint();
  if (count > (size > 0 ? rows : reader.left))
    throw new BatchError('BAD_HEADER', 'there are more groups than rows');
  const groups = memory.uint32(count);
  let start = 0;
  for (let at = 0; at < count; at++) {
    groups[at] = start;
    start += size || reader.varint();
    if (start > rows) throw new BatchError('BAD_HEADER', 'the groups have more rows than there are');
  }
  if (start !== rows) throw new BatchError('BAD_HEADER', 'the groups have fewer rows than there are');
  return groups;
};

/** One column as the meta part describes it. */
type Described = {
  readonly kind: number;
  readonly mask: number;
  readonly value: number;
  readonly plan: number;
  readonly divisor: number;
  readonly list: readonly number[];
  readonly coded: Coded | undefined;
  readonly start: number;
  readonly bytes: number;
};

/** A column's bounds, and whether every row has a value. */
export type ColumnBounds = Bounds & { readonly isFull: boolean };
/** A table with the bounds of each column that has a value. */
export type BoundedTable = ColumnTable & { readonly bounds: ReadonlyMap<string, ColumnBounds> };

type Unpacking = {
  readonly only?: ReadonlySet<string>;
  readonly maxRows?: number;
  readonly readHead?: (reader: Reader) => void;
  readonly memory?: Memory;
};

/** Unpacks what packTable packed: `readHead` reads the caller's head. Throws BatchError where the bytes do not fit the format. */
export const unpackTable = (
  bytes: Uint8Array,
  { only, maxRows = maxRowsOfTable, readHead, memory = freshMemory }: Unpacking = {},
): BoundedTable => {
  const { meta, payload } = open(bytes);
  readHead?.(meta);
  const rows = meta.varint();
  if (rows > maxRows) throw new BatchError('BAD_HEADER', `${rows} rows, at most ${maxRows} allowed`);
  const groups = readGroups(meta, rows, memory);
  const names = readNames(meta, maxColumns);
  const wanted = only ? names.filter((name) => only.has(name)).length : names.length;
  if (rows * wanted > maxCells) throw new BatchError('BAD_HEADER', 'the table is too large');
  const bitmaps: Uint8Array[] = [];
  for (let left = meta.varint(); left > 0; left--) bitmaps.push(meta.bytes(Math.ceil(rows / 8)));
  const classColumn = meta.varint() - 1;
  const described: Described[] = [];
  let start = 0;
  for (let at = 0; at < names.length; at++) {
    const one = describe(meta, rows, bitmaps, start);
    start += one.bytes;
    described.push(one);
  }
  if (meta.left > 0) throw new BatchError('TRAILING_BYTES', `${meta.left} bytes follow the last column`);
  if (start > payload.length) throw new BatchError('TRUNCATED', 'the columns end before their numbers do');
  if (start < payload.length)
    throw new BatchError('TRAILING_BYTES', `${payload.length - start} bytes follow the last number`);
  const padded = payloadOf(payload);
  const classes = readClasses(described[classColumn], classColumn, rows, padded, memory);
  const every = everyPlace(rows, groups, classes, memory);
  const places: Places[] = [every];
  const columns = new Map<string, Float64Array>();
  const bounds = new Map<string, ColumnBounds>();
  // One piece for all columns: one by one, to get them would cost more than to fill them.
  const cells = memory.float64(rows * wanted);
  for (let at = 0; at < names.length; at++) {
    const one = described[at];
    const name = names[at];
    if (!one || name === undefined || (only && !only.has(name))) continue;
    const column = cells.subarray(rows * columns.size, rows * (columns.size + 1));
    columns.set(name, column);
    if (one.kind === kinds.absent) {
      column.fill(Number.NaN);
      continue;
    }
    const bitmap = bitmaps[one.mask - 1];
    places[one.mask] ??= bitmap ? placesUnder(bitmap, every, memory) : every;
    const { least, most } = readColumn(one, places[one.mask] ?? every, padded, column);
    bounds.set(name, { least, most, isFull: one.mask === 0 });
  }
  return { rows, groups, columns, bounds };
};

const describe = (meta: Reader, rows: number, bitmaps: readonly Uint8Array[], start: number): Described => {
  const kind = meta.byte();
  const mask = kind === kinds.absent ? 0 : meta.varint();
  if (mask > bitmaps.length || kind > kinds.plain) throw new BatchError('BAD_HEADER', 'a column is damaged');
  let value = 0;
  let plan = 0;
  let divisor = 1;
  let list = noList;
  let coded: Coded | undefined;
  let bytes = 0;
  if (kind === kinds.constant) value = meta.signed();
  else if (kind === kinds.plain) {
    const bitmap = bitmaps[mask - 1];
    bytes = 8 * (bitmap ? countBits(bitmap, rows) : rows);
  } else if (kind === kinds.listed) {
    list = readList(meta);
    coded = readCoded(meta);
  } else if (kind === kinds.predicted) {
    plan = meta.byte();
    if (plan >> 4 >= runs.length || (plan & 15) >= firstShares.length)
      throw new BatchError('BAD_HEADER', 'a column has a prediction that is not there');
    divisor = meta.varint();
    value = meta.signed();
    coded = readCoded(meta);
  }
  if (coded) bytes = codedBytes(coded);
  return { kind, mask, value, plan, divisor, list, coded, start, bytes };
};

const noList: readonly number[] = [];
const readList = (meta: Reader) => {
  const list: number[] = [];
  let before = 0;
  for (let left = meta.varint(); left > 0; left--) {
    before += meta.signed();
    list.push(before);
  }
  return list;
};

const countBits = (bitmap: Uint8Array, rows: number) => {
  let count = 0;
  for (let row = 0; row < rows; row++) count += ((bitmap[row >> 3] as number) >> (row & 7)) & 1;
  return count;
};

const readClasses = (
  column: Described | undefined,
  at: number,
  rows: number,
  payload: Payload,
  memory: Memory,
) => {
  if (at < 0) return undefined;
  if (column?.kind !== kinds.listed || column.mask !== 0 || column.list.length > 256 || !column.coded)
    throw new BatchError('BAD_HEADER', 'the classes of the rows are damaged');
  const indexes = readSmallNumbers(column.coded, payload, column.start, rows);
  if (!indexes) throw notListed();
  const classes = memory.uint8(rows);
  const { length } = column.list;
  for (let row = 0; row < rows; row++) {
    const index = indexes[row] as number;
    if (index >= length) throw notListed();
    classes[row] = index;
  }
  return classes;
};

const notListed = () => new BatchError('BAD_VALUE', 'a value is not in its column’s list');

// Scratch memory, kept between calls: nothing here waits, so no two calls are under way at once.
let dense = new Float64Array(0);
const reserve = (count: number) => {
  if (dense.length < count) dense = new Float64Array(Math.max(count, dense.length * 2, 1024));
  return dense;
};

/** Reads a column into `column`, all of it. */
const readColumn = (described: Described, places: Places, payload: Payload, column: Float64Array): Bounds => {
  const { kind, value, plan, divisor, list, coded, start } = described;
  const { count, gaps } = places;
  for (let at = 0; at < gaps.length; at++) column[gaps[at] as number] = Number.NaN;
  if (kind === kinds.constant) {
    fillPlaces(value, places, column);
    return { least: value, most: value };
  }
  if (!coded) return readPlain(payload, start, places, column);
  if (kind === kinds.listed) {
    const indexes = readSmallNumbers(coded, payload, start, count);
    if (!indexes) throw notListed();
    return placeListed(indexes, Float64Array.from(list), places, column);
  }
  const predicted = { coded, start, base: value, divisor, run: plan >> 4, share: plan & 15 };
  const near = readNear(predicted, payload, places, column);
  if (near) return near;
  const values = reserve(count);
  readNumbers(coded, payload, start, count, values);
  fromRemainders(values, places, value, runs[plan >> 4] ?? 'previous', firstShares[plan & 15] ?? 1);
  for (let at = 0; at < count; at++) values[at] = (values[at] as number) * divisor;
  return placeWhole(values, places, column);
};

const fillPlaces = (value: number, { count, marks }: Places, column: Float64Array) => {
  for (let at = 0; at < count; at++) column[(marks[at] as number) >> 9] = value;
};

const placeListed = (
  indexes: Int32Array,
  list: Float64Array,
  { count, marks }: Places,
  column: Float64Array,
): Bounds => {
  let greatest = -1;
  for (let at = 0; at < count; at++) if ((indexes[at] as number) > greatest) greatest = indexes[at] as number;
  if (greatest >= list.length) throw notListed();
  for (let at = 0; at < count; at++)
    column[(marks[at] as number) >> 9] = list[indexes[at] as number] as number;
  return { least: Math.min(...list), most: Math.max(...list) };
};

/** Puts values to their rows. */
const placeWhole = (values: Float64Array, { count, marks }: Places, column: Float64Array): Bounds => {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < count; at++) {
    const value = values[at] as number;
    // Not the opposite comparisons: a value that is no number must not pass.
    if (!(value >= least)) least = value;
    if (!(value <= most)) most = value;
    column[(marks[at] as number) >> 9] = value;
  }
  if (count > 0 && !(least >= Number.MIN_SAFE_INTEGER && most <= Number.MAX_SAFE_INTEGER))
    throw new BatchError('BAD_VALUE', 'a number exceeds 2^53');
  return { least, most };
};

const readPlain = ({ view }: Payload, start: number, places: Places, column: Float64Array) => {
  const values = reserve(places.count);
  for (let at = 0; at < places.count; at++) {
    const value = view.getFloat64(start + at * 8, true);
    if (!Number.isSafeInteger(value)) throw new BatchError('BAD_VALUE', 'a value is no whole number');
    values[at] = value;
  }
  return placeWhole(values, places, column);
};
