import type { SchemaElement } from 'hyparquet';
import {
  type BasicType,
  ByteWriter,
  type ColumnSource,
  ParquetWriter,
  schemaFromColumnData,
} from 'hyparquet-writer';
import type { ExportColumn, ExportPart, ExportWriter } from './export-table.ts';

const typeOf = {
  text: 'STRING',
  time: 'TIMESTAMP',
  number: 'DOUBLE',
  whole: 'INT64',
} as const satisfies Record<ExportColumn['kind'], BasicType>;

const sourceOf = (column: ExportColumn): ColumnSource => {
  const { name, kind, values } = column;
  const data =
    kind === 'time'
      ? values.map((value) => (value === null ? null : new Date(value)))
      : kind === 'whole'
        ? values.map((value) => (value === null ? null : BigInt(value)))
        : [...values];
  return { name, data, type: typeOf[kind], nullable: true };
};

/** Rows of a row group: what a reader has to hold at once. */
const rowGroupSize = 100_000;

/**
 * Apache Parquet, compressed with Snappy, which every reader knows: times as TIMESTAMP_MILLIS in UTC, counts as INT64, figures as
 * DOUBLE, absent values as null.
 */
export const parquetWriter = (columns: readonly Pick<ExportColumn, 'name' | 'kind'>[]): ExportWriter => {
  const writer = new ByteWriter();
  const schema: SchemaElement[] = schemaFromColumnData({
    columnData: columns.map(({ name, kind }) => ({ name, data: [], type: typeOf[kind], nullable: true })),
  });
  const file = new ParquetWriter({ writer, schema, createdBy: 'HashInsight' });
  let held: ExportPart[] = [];
  const flush = () => {
    const columnData = columns.map((_, index) => {
      const sources = held.flatMap((part) => {
        const column = part.columns[index];
        return column ? [sourceOf(column)] : [];
      });
      const [first] = sources;
      if (!first) throw new Error('A part of the export lacks a column');
      return { ...first, data: sources.flatMap(({ data }) => [...data]) };
    });
    file.write({ columnData, rowGroupSize });
    held = [];
  };
  return {
    add: (part) => {
      if (part.rows === 0) return;
      held.push(part);
      if (held.reduce((sum, { rows }) => sum + rows, 0) >= rowGroupSize) flush();
    },
    finish: () => {
      if (held.length > 0) flush();
      file.finish();
      return writer.getBytes();
    },
  };
};
