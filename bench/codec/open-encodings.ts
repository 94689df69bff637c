import { zstdCompressSync } from 'node:zlib';
import { Int32, Int64, Table, tableToIPC, vectorFromArray } from 'apache-arrow';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import type { ColumnTable } from '../../contracts/column-table.ts';
import { zstdBytes } from './fixed-width.ts';

type Named = { readonly name: string; readonly values: readonly (number | null)[]; readonly isWide: boolean };

/** The table's columns with nulls, and one that says which miner each row is of. */
const namedColumns = ({ rows, groups, columns }: ColumnTable): Named[] => {
  const miner = new Float64Array(rows);
  groups.forEach((start, at) => {
    miner.fill(at, start, groups[at + 1] ?? rows);
  });
  return [...new Map([['miner', miner], ...columns])].map(([name, column]) => ({
    name,
    values: Array.from(column, (value) => (Number.isNaN(value) ? null : value)),
    isWide: column.some((value) => Math.abs(value) >= 2 ** 31),
  }));
};

/** A Parquet file compressed with zstd, every column in the shorter of its usual encoding and DELTA_BINARY_PACKED. */
export const parquetBytes = (table: ColumnTable): number => {
  const write = (columnData: ColumnSource[]) =>
    parquetWriteBuffer({
      columnData,
      codec: 'ZSTD',
      compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
      statistics: false,
    }).byteLength;
  const best = namedColumns(table).map(({ name, values, isWide }): ColumnSource => {
    const nullable = values.includes(null);
    const usual: ColumnSource = {
      name,
      data: isWide ? values.map((value) => (value === null ? null : BigInt(value))) : [...values],
      type: isWide ? 'INT64' : 'INT32',
      nullable,
      offsetIndex: false,
    };
    const delta: ColumnSource = { ...usual, encoding: 'DELTA_BINARY_PACKED' };
    return write([delta]) < write([usual]) ? delta : usual;
  });
  return write(best);
};

/** An Arrow IPC file of 32-bit and 64-bit integers, compressed as a whole with zstd. */
export const arrowBytes = (table: ColumnTable, level: number): number => {
  const vectors = namedColumns(table).map(({ name, values, isWide }) => [
    name,
    isWide
      ? vectorFromArray(
          values.map((value) => (value === null ? null : BigInt(value))),
          new Int64(),
        )
      : vectorFromArray(values, new Int32()),
  ]);
  return zstdBytes(tableToIPC(new Table(Object.fromEntries(vectors)), 'file'), level);
};
