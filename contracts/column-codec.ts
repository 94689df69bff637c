import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Reader, Writer } from './batch-bytes.ts';

/** A table of named columns: whole numbers up to 2^53, NaN is absent. */
export type ColumnTable = {
  readonly rows: number;
  /** Where each group of rows (a miner) begins, ascending, the first 0: columns run on within a group. */
  readonly groups: Uint32Array;
  readonly columns: ReadonlyMap<string, Float64Array>;
};

const maxInflatedBytes = 64 * 1024 * 1024;

/** Packs a table. Equal tables give equal bytes. */
export const encodeTable = ({ rows, groups, columns }: ColumnTable): Uint8Array => {
  const out = new Writer();
  out.varint(rows);
  out.varint(groups.length);
  let before = 0;
  for (const start of groups) {
    out.varint(start - before);
    before = start;
  }
  out.varint(columns.size);
  for (const [name, column] of columns) {
    const label = new TextEncoder().encode(name);
    out.varint(label.length);
    out.bytes(label);
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
      out.signed(value - previous);
      previous = value;
    }
  }
  return zstdCompressSync(out.done());
};

/** Unpacks a table; with `only`, the columns that it names. Throws BatchError when the bytes do not fit the format. */
export const decodeTable = (bytes: Uint8Array, only?: ReadonlySet<string>): ColumnTable => {
  const reader = new Reader(zstdDecompressSync(bytes, { maxOutputLength: maxInflatedBytes }));
  const rows = reader.varint();
  const groups = new Uint32Array(reader.varint());
  let before = 0;
  for (let at = 0; at < groups.length; at++) {
    before += reader.varint();
    groups[at] = before;
  }
  const columns = new Map<string, Float64Array>();
  for (let left = reader.varint(); left > 0; left--) {
    const name = new TextDecoder().decode(reader.bytes(reader.varint()));
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
  return { rows, groups, columns };
};
