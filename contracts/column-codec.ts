import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { BatchError, Reader, Writer } from './batch-bytes.ts';
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
import { firstShares, fromRemainders, type Places, runs, toRemainders } from './column-predictors.ts';
import { type Coded, codedBytes, costOf, readCoded, readNumbers, writeNumbers } from './column-tokens.ts';
import { readNames, writeNames } from './name-list.ts';

/** A table of named columns: whole numbers up to 2^53, NaN is absent. Names are as contracts/name-list.ts has them. */
export type ColumnTable = {
  readonly rows: number;
  /** Where each group of rows (a miner) begins, ascending, the first 0: columns run on within a group. */
  readonly groups: Uint32Array;
  readonly columns: ReadonlyMap<string, Float64Array>;
};

const maxFrameBytes = 16 * 1024 * 1024;
const maxRowsOfTable = 1 << 20;
const maxColumns = 1_000;
/** Rows times columns, 64 MiB as numbers. */
const maxCells = 1 << 23;

const kinds = { absent: 0, constant: 1, predicted: 2, listed: 3, plain: 4 } as const;

/** Packs a table (docs/telemetry-format.md). Equal tables give equal bytes, whatever the order of their columns. */
export const encodeTable = (table: ColumnTable): Uint8Array => packTable(new Writer(), table);

/**
 * Unpacks a table, columns in the order of their names; with `only`, the columns that it names. Throws BatchError when the bytes do not
 * fit the format.
 */
export const decodeTable = (bytes: Uint8Array, only?: ReadonlySet<string>): ColumnTable =>
  unpackTable(bytes, only && { only });

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
  const firsts = new Uint8Array(rows);
  for (const start of groups) if (start < rows) firsts[start] = 1;
  const distinct = columns.map((column, at) =>
    canBeListed(scans[at]) ? distinctOf(column, rows) : undefined,
  );
  const classColumn = chooseClasses(columns, scans, distinct, table);
  meta.varint(classColumn + 1);
  let classes = noClasses;
  if (classColumn >= 0) {
    classes = new Uint8Array(rows);
    toIndexes(columns[classColumn] ?? dense, rows, distinct[classColumn] ?? [], classes);
  }
  const places: Places[] = [{ count: rows, firsts, classes }];
  for (const bitmap of masks.bitmaps) places.push(placesUnder(bitmap, rows, groups, classes));
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

const readGroups = (reader: Reader, rows: number) => {
  const count = reader.varint();
  const size = reader.varint();
  if (count > (size > 0 ? rows : reader.left))
    throw new BatchError('BAD_HEADER', 'there are more groups than rows');
  const groups = new Uint32Array(count);
  let start = 0;
  for (let at = 0; at < count; at++) {
    groups[at] = start;
    start += size || reader.varint();
    if (start > rows) throw new BatchError('BAD_HEADER', 'the groups have more rows than there are');
  }
  if (start !== rows) throw new BatchError('BAD_HEADER', 'the groups have fewer rows than there are');
  return groups;
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

const isPresent = (bitmap: Uint8Array, row: number) =>
  ((bitmap[row >> 3] as number) & (1 << (row & 7))) !== 0;

/** The places of the values that a pattern of presence leaves. */
const placesUnder = (bitmap: Uint8Array, rows: number, groups: Uint32Array, classes: Uint8Array): Places => {
  const firsts = new Uint8Array(rows);
  const own = classes === noClasses ? noClasses : new Uint8Array(rows);
  let count = 0;
  for (let group = 0; group < groups.length; group++) {
    const end = groups[group + 1] ?? rows;
    let isFirst = 1;
    for (let row = groups[group] as number; row < end; row++) {
      if (!isPresent(bitmap, row)) continue;
      firsts[count] = isFirst;
      isFirst = 0;
      if (own !== noClasses) own[count] = classes[row] as number;
      count++;
    }
  }
  return { count, firsts, classes: own };
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
  const { count } = places;
  let values = column;
  if (absent > 0) {
    values = dense;
    let next = 0;
    for (let at = 0; at < column.length; at++) {
      const value = column[at] as number;
      if (!Number.isNaN(value)) dense[next++] = value;
    }
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
  let begin = 0;
  for (let at = 0; at < count; at++) begin += places.firsts[at] as number;
  const plan = choosePlan(values, places, base, begin, remainders);
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

const open = (bytes: Uint8Array): { readonly meta: Reader; readonly payload: Uint8Array } => {
  const document = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (document.length < 5 || document.readUInt32LE() !== crc32(document.subarray(4)))
    throw new BatchError('BAD_COMPRESSION', 'the bytes are damaged or cut short: their checksum is another');
  const reader = new Reader(document.subarray(4));
  const frame = reader.bytes(reader.varint());
  try {
    return {
      meta: new Reader(zstdDecompressSync(frame, { maxOutputLength: maxFrameBytes })),
      payload: reader.rest(),
    };
  } catch {
    throw new BatchError('BAD_COMPRESSION', 'the zstd frame is damaged or larger than 16 MiB inflated');
  }
};

type Unpacking = {
  readonly only?: ReadonlySet<string>;
  readonly maxRows?: number;
  readonly readHead?: (reader: Reader) => void;
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

/** Unpacks what packTable packed: `readHead` reads the caller's head. */
export const unpackTable = (
  bytes: Uint8Array,
  { only, maxRows = maxRowsOfTable, readHead }: Unpacking = {},
): ColumnTable => {
  const { meta, payload } = open(bytes);
  readHead?.(meta);
  const rows = meta.varint();
  if (rows > maxRows) throw new BatchError('BAD_HEADER', `${rows} rows, at most ${maxRows} allowed`);
  const groups = readGroups(meta, rows);
  const names = readNames(meta, maxColumns);
  const wanted = only ? names.filter((name) => only.has(name)).length : names.length;
  if (rows * wanted > maxCells) throw new BatchError('BAD_HEADER', 'the table is too large');
  const bitmaps: Uint8Array[] = [];
  for (let left = meta.varint(); left > 0; left--) bitmaps.push(meta.bytes(Math.ceil(rows / 8)));
  const classColumn = meta.varint() - 1;
  let start = 0;
  const described = names.map(() => {
    const one = describe(meta, rows, bitmaps, start);
    start += one.bytes;
    return one;
  });
  if (meta.left > 0) throw new BatchError('TRAILING_BYTES', `${meta.left} bytes follow the last column`);
  if (start > payload.length) throw new BatchError('TRUNCATED', 'the columns end before their numbers do');
  if (start < payload.length)
    throw new BatchError('TRAILING_BYTES', `${payload.length - start} bytes follow the last number`);
  reserve(rows);
  const firsts = new Uint8Array(rows);
  for (const first of groups) if (first < rows) firsts[first] = 1;
  const classes = readClasses(described[classColumn], classColumn, rows, payload);
  const places: (Places | undefined)[] = [{ count: rows, firsts, classes }];
  const placesOf = (mask: number): Places => {
    const known = places[mask] ?? placesUnder(bitmaps[mask - 1] ?? noClasses, rows, groups, classes);
    places[mask] = known;
    return known;
  };
  const columns = new Map<string, Float64Array>();
  names.forEach((name, at) => {
    const one = described[at];
    if (!one || (only && !only.has(name))) return;
    columns.set(name, readColumn(one, rows, placesOf(one.mask), bitmaps[one.mask - 1], payload));
  });
  return { rows, groups, columns };
};

const describe = (meta: Reader, rows: number, bitmaps: readonly Uint8Array[], start: number): Described => {
  const kind = meta.byte();
  const nothing = {
    kind,
    mask: 0,
    value: 0,
    plan: 0,
    divisor: 1,
    list: [],
    coded: undefined,
    start,
    bytes: 0,
  };
  if (kind === kinds.absent) return nothing;
  const mask = meta.varint();
  if (mask > bitmaps.length || kind > kinds.plain) throw new BatchError('BAD_HEADER', 'a column is damaged');
  if (kind === kinds.constant) return { ...nothing, mask, value: meta.signed() };
  const bitmap = bitmaps[mask - 1];
  if (kind === kinds.plain) return { ...nothing, mask, bytes: 8 * (bitmap ? countBits(bitmap) : rows) };
  if (kind === kinds.listed) {
    const list: number[] = [];
    let before = 0;
    for (let left = meta.varint(); left > 0; left--) {
      before += meta.signed();
      list.push(before);
    }
    const coded = readCoded(meta);
    return { ...nothing, mask, list, coded, bytes: codedBytes(coded) };
  }
  const plan = meta.byte();
  if (plan >> 4 >= runs.length || (plan & 15) >= firstShares.length)
    throw new BatchError('BAD_HEADER', 'a column has a prediction that is not there');
  const divisor = meta.varint();
  const value = meta.signed();
  const coded = readCoded(meta);
  return { ...nothing, mask, plan, divisor, value, coded, bytes: codedBytes(coded) };
};

const countBits = (bitmap: Uint8Array) => {
  let count = 0;
  for (let byte of bitmap) for (; byte > 0; byte &= byte - 1) count++;
  return count;
};

const readClasses = (column: Described | undefined, at: number, rows: number, payload: Uint8Array) => {
  if (at < 0) return noClasses;
  if (column?.kind !== kinds.listed || column.mask !== 0 || column.list.length > 256 || !column.coded)
    throw new BatchError('BAD_HEADER', 'the classes of the rows are damaged');
  readNumbers(column.coded, payload.subarray(column.start, column.start + column.bytes), rows, remainders);
  const classes = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const index = remainders[row] as number;
    if (index >= column.list.length)
      throw new BatchError('BAD_VALUE', 'a row is of a class that is not there');
    classes[row] = index;
  }
  return classes;
};

const readColumn = (
  { kind, value, plan, divisor, list, coded, start, bytes }: Described,
  rows: number,
  places: Places,
  bitmap: Uint8Array | undefined,
  payload: Uint8Array,
): Float64Array => {
  const column = new Float64Array(rows);
  if (kind === kinds.absent) return column.fill(Number.NaN);
  const { count } = places;
  const numbers = bitmap ? dense : column;
  const own = payload.subarray(start, start + bytes);
  if (kind === kinds.constant) numbers.fill(value, 0, count);
  else if (kind === kinds.plain) readPlain(own, count, numbers);
  else if (coded) {
    readNumbers(coded, own, count, numbers);
    if (kind === kinds.listed) {
      for (let at = 0; at < count; at++) {
        const found = list[numbers[at] as number];
        if (found === undefined) throw new BatchError('BAD_VALUE', 'a value is not in its column’s list');
        numbers[at] = found;
      }
    } else {
      const run = runs[plan >> 4] ?? 'previous';
      fromRemainders(numbers, places, value, run, firstShares[plan & 15] ?? 1);
      let most = 0;
      for (let at = 0; at < count; at++) {
        const whole = (numbers[at] as number) * divisor;
        numbers[at] = whole;
        const size = whole < 0 ? -whole : whole;
        if (!(size <= most)) most = size;
      }
      if (!(most <= Number.MAX_SAFE_INTEGER)) throw new BatchError('BAD_VALUE', 'a number exceeds 2^53');
    }
  }
  if (!bitmap) return column;
  let next = 0;
  for (let row = 0; row < rows; row++)
    column[row] = isPresent(bitmap, row) ? (dense[next++] as number) : Number.NaN;
  return column;
};

const readPlain = (bytes: Uint8Array, count: number, into: Float64Array) => {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < count; at++) {
    const value = view.readDoubleLE(at * 8);
    if (!Number.isSafeInteger(value)) throw new BatchError('BAD_VALUE', 'a value is no whole number');
    into[at] = value;
  }
};
