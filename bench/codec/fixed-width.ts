import { spawnSync } from 'node:child_process';
import { brotliCompressSync, constants, zstdCompressSync } from 'node:zlib';
import type { Places } from '../../contracts/column-places.ts';
import { firstShares, runs, toRemainders } from '../../contracts/column-predictors.ts';
import type { ColumnTable } from '../../contracts/column-table.ts';

/** A column as fixed-width integers, as wide as its values need; absent is the least number of that width. */
const fixedWidth = (column: Float64Array): Buffer => {
  let most = 0;
  for (const value of column) if (Math.abs(value) > most) most = Math.abs(value);
  const width = most < 128 ? 1 : most < 32_768 ? 2 : most < 2 ** 31 ? 4 : 8;
  const bytes = Buffer.alloc(column.length * width);
  column.forEach((value, at) => {
    const whole = Number.isNaN(value) ? -(2 ** (8 * width - 1)) : value;
    if (width === 8) bytes.writeBigInt64LE(BigInt(whole), at * 8);
    else bytes.writeIntLE(whole, at * width, width);
  });
  return bytes;
};

/** The columns one after the other, with one that says which miner each row is of. */
export const fixedWidthTable = ({ rows, groups, columns }: ColumnTable): Buffer => {
  const miner = new Float64Array(rows);
  groups.forEach((start, at) => {
    miner.fill(at, start, groups[at + 1] ?? rows);
  });
  return Buffer.concat([fixedWidth(miner), ...[...columns.values()].map(fixedWidth)]);
};

/** Bytes under `xz -9`, or why there are none. */
export const xzBytes = (bytes: Buffer): number | undefined => {
  const { error, status, stdout } = spawnSync('xz', ['-9', '-c', '-T1'], {
    input: bytes,
    maxBuffer: 1024 * 1024 * 1024,
  });
  return error || status !== 0 ? undefined : stdout.length;
};

export const zstdBytes = (bytes: Uint8Array, level: number) =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } }).length;
export const brotliBytes = (bytes: Uint8Array) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_LGWIN]: 24 } }).length;

/** Entropy of the numbers' frequencies in bits, corrected for a small sample (Miller and Madow). */
const entropyOf = (numbers: ArrayLike<number>, count: number) => {
  const times = new Map<number, number>();
  for (let at = 0; at < count; at++) times.set(numbers[at] ?? 0, (times.get(numbers[at] ?? 0) ?? 0) + 1);
  let bits = 0;
  for (const seen of times.values()) bits -= seen * Math.log2(seen / count);
  return bits + (times.size - 1) / (2 * Math.LN2);
};

/**
 * What the columns carry beyond what their past tells: for each column the least of the empirical entropies of its values and of its remainders after
 * every prediction that the format has, plus that of presence given the row before. Bits of the whole table; a bound for coders
 * that see one column at a time, each value by itself, and know the frequencies beforehand.
 */
export const entropyBound = ({ rows, groups, columns }: ColumnTable): number => {
  const starts = new Set(groups);
  let bits = 0;
  for (const column of columns.values()) {
    const marks: number[] = [];
    let begun = 0;
    const values: number[] = [];
    const changes = new Uint8Array(rows);
    let isFirst = 1;
    let before = 0;
    column.forEach((value, at) => {
      if (starts.has(at)) isFirst = 1;
      const isPresent = Number.isNaN(value) ? 0 : 1;
      changes[at] = isPresent === before ? 0 : 1;
      before = isPresent;
      if (isPresent === 0) return;
      marks.push(at * 512 + isFirst);
      begun += isFirst;
      values.push(value);
      isFirst = 0;
    });
    const count = values.length;
    const present = Float64Array.from(values);
    const places: Places = { count, marks: Int32Array.from(marks), begun, gaps: new Int32Array() };
    const into = new Float64Array(count);
    let least = entropyOf(present, count);
    for (const run of runs)
      for (const share of firstShares) {
        toRemainders(present, places, count, present[0] ?? 0, run, share, into);
        least = Math.min(least, entropyOf(into, count));
      }
    bits += least + entropyOf(changes, rows);
  }
  return bits;
};
