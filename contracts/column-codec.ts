import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { BatchError, Reader, Writer } from './batch-bytes.ts';

/** A table of named columns: whole numbers up to 2^53, NaN is absent. */
export type ColumnTable = {
  readonly rows: number;
  /** Where each group of rows (a miner) begins, ascending, the first 0: columns run on within a group. */
  readonly groups: Uint32Array;
  readonly columns: ReadonlyMap<string, Float64Array>;
};

const maxInflatedBytes = 16 * 1024 * 1024;

/** Packs a table. Equal tables give equal bytes. */
export const encodeTable = (table: ColumnTable): Uint8Array => packTable(new Writer(), table);

/** The table behind a head of the caller's own, in one document. */
export const packTable = (out: Writer, { rows, groups, columns }: ColumnTable): Uint8Array => {
  out.varint(rows);
  out.varint(groups.length);
  let before = 0;
  for (const start of groups) {
    out.varint(start - before);
    before = start;
  }
  out.varint(columns.size);
  for (const [name, column] of columns) {
    out.text(name);
    const bitmap = new Uint8Array(Math.ceil(rows / 8));
    for (let at = 0; at < rows; at++)
      if (!Number.isNaN(column[at] ?? Number.NaN)) bitmap[at >> 3] = (bitmap[at >> 3] ?? 0) | (1 << (at & 7));
    out.bytes(bitmap);
    let previous = 0;
    let group = 0;
    for (let at = 0; at < rows; at++) {
      if (groups[group] === at) {
        previous = 0;
        group++;
      }
      const value = column[at] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      if (!Number.isSafeInteger(value)) throw new RangeError(`${name} holds ${value}`);
      out.signed(value - previous);
      previous = value;
    }
  }
  return zstdCompressSync(out.done());
};

/** Unpacks a table; with `only`, the columns that it names. Throws BatchError when the bytes do not fit the format. */
export const decodeTable = (bytes: Uint8Array, only?: ReadonlySet<string>): ColumnTable =>
  unpackTable(bytes, { ...(only && { only }) });

type Unpacking = {
  readonly only?: ReadonlySet<string>;
  readonly maxRows?: number;
  readonly readHead?: (reader: Reader) => void;
};

/** Unpacks what packTable packed: `readHead` reads the caller's head. */
export const unpackTable = (
  bytes: Uint8Array,
  { only, maxRows = 1 << 20, readHead }: Unpacking = {},
): ColumnTable => {
  const reader = new Reader(inflate(bytes));
  readHead?.(reader);
  const rows = reader.varint();
  const count = reader.varint();
  if (rows > maxRows || count > rows) throw new BatchError('BAD_HEADER', `more than ${maxRows} rows`);
  const groups = new Uint32Array(count);
  let before = 0;
  for (let at = 0; at < groups.length; at++) {
    before += reader.varint();
    groups[at] = before;
  }
  const columns = new Map<string, Float64Array>();
  for (let left = reader.varint(); left > 0; left--) {
    const name = reader.text();
    const bitmap = reader.bytes(Math.ceil(rows / 8));
    const column = new Float64Array(rows).fill(Number.NaN);
    let previous = 0;
    let group = 0;
    for (let at = 0; at < rows; at++) {
      if (groups[group] === at) {
        previous = 0;
        group++;
      }
      if (((bitmap[at >> 3] ?? 0) & (1 << (at & 7))) === 0) continue;
      previous += reader.signed();
      column[at] = previous;
    }
    if (!only || only.has(name)) columns.set(name, column);
  }
  if (reader.left > 0) throw new BatchError('TRAILING_BYTES', `${reader.left} bytes follow the last column`);
  return { rows, groups, columns };
};

const inflate = (packed: Uint8Array) => {
  try {
    return zstdDecompressSync(packed, { maxOutputLength: maxInflatedBytes });
  } catch {
    throw new BatchError(
      'BAD_COMPRESSION',
      'the zstd frame is damaged, cut short or larger than 16 MiB inflated',
    );
  }
};
