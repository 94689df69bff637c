import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeTable, encodeTable } from '../contracts/column-codec.ts';
import type { ColumnTable } from '../contracts/column-table.ts';
import { decodeBatchColumns, encodeBatchColumns } from '../contracts/telemetry-batch.ts';
import { type TelemetryColumns, toColumns, toReadings } from '../contracts/telemetry-columns.ts';
import { readBitaxeCsv } from '../edge-greengrass/bitaxe-csv.ts';
import { historyOf } from '../lambdas/telemetry/history-table.ts';
import { toRawTable } from '../lambdas/telemetry/raw-table.ts';
import { encodeSegments } from '../lambdas/telemetry/segments.ts';
import { leastRows } from '../lambdas/telemetry/tier-levels.ts';
import type { TierTable } from '../lambdas/telemetry/tier-table.ts';
import { root } from '../local/build.ts';
import type { Bench } from './bench.ts';
import { brotliBytes, entropyBound, fixedWidthTable, xzBytes, zstdBytes } from './codec/fixed-width.ts';
import { arrowBytes, parquetBytes } from './codec/open-encodings.ts';
import { simulatedSweeps } from './codec/simulated-rows.ts';
import { aimed } from './table.ts';

export type CodecOptions = {
  /** Simulated miners of the batch and of the raw hour; a tenth of them make the day of history. */
  readonly miners: number;
  readonly seed: number;
};

/** Bytes at rest in raw, against the same columns as fixed-width integers under `xz -9`. */
const aimAgainstXz = 1.25;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

type Document = {
  readonly of: string;
  readonly isRaw: boolean;
  readonly table: ColumnTable;
  readonly bytes: number;
};

const batchOf = (of: string, columns: TelemetryColumns): Document => {
  const header = {
    siteId: 1,
    gatewayId: 'gw-1',
    shard: 0,
    sequence: 2,
    createdAtMs: columns.sampledAtMs[0] ?? 0,
  };
  return {
    of,
    isRaw: false,
    table: toRawTable(columns, columns.sampledAtMs[0] ?? 0),
    bytes: encodeBatchColumns(header, columns).length,
  };
};
const blockOf = (of: string, table: TierTable, least: number, isRaw: boolean): Document => ({
  of,
  isRaw,
  table,
  bytes: encodeSegments(table, least).bytes.length,
});

const measure = ({ of, isRaw, table, bytes }: Document) => {
  const fixed = fixedWidthTable(table);
  const perRow = (size: number | undefined) =>
    size === undefined ? undefined : Math.round((100 * size) / table.rows) / 100;
  const xz = xzBytes(fixed);
  return {
    of,
    isRaw,
    rows: table.rows,
    columns: table.columns.size,
    bytesPerRow: {
      ours: perRow(bytes),
      entropyBound: perRow(entropyBound(table) / 8),
      fixedWidth: perRow(fixed.length),
      fixedWidthXz9: perRow(xz),
      fixedWidthZstd19: perRow(zstdBytes(fixed, 19)),
      fixedWidthBrotli11: perRow(brotliBytes(fixed)),
      parquetZstd: perRow(parquetBytes(table)),
      arrowZstd3: perRow(arrowBytes(table, 3)),
      arrowZstd19: perRow(arrowBytes(table, 19)),
    },
    againstXz9: xz === undefined ? undefined : Math.round((1000 * bytes) / xz) / 1000,
  };
};

/** The recordings that lie beside the repository, if any: a day at a time, as raw blocks of an hour and as one block. */
const recordings = (): { readonly name: string; readonly columns: TelemetryColumns }[] => {
  const directory = join(process.env.HASHINSIGHT_DATA ?? join(root, '..', 'shared', 'data'), 'bitaxe');
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.csv'))
    .sort()
    .map((name) => ({ name, columns: toColumns(readBitaxeCsv(join(directory, name))) }));
};

/** Processor time of one run in µs, the best of some rounds. */
const microsecondsOf = (work: () => void) => {
  const once = (runs: number) => {
    const before = process.cpuUsage();
    for (let run = 0; run < runs; run++) work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / runs;
  };
  once(100);
  return Math.round(Math.min(...Array.from({ length: 8 }, () => once(50))));
};

/** Bytes of batches and blocks beside open encodings and the entropy of the same columns, and how fast they are made and read. */
export const benchCodec: Bench<CodecOptions> = async ({ miners, seed }, { say }) => {
  say(`Simulating ${miners} miners for an hour`);
  const hour = simulatedSweeps({ miners, sweeps: 60, intervalS: 60, seed });
  const few = Math.max(2, Math.round(miners / 10));
  say(`Simulating ${few} miners for a day`);
  const day = simulatedSweeps({ miners: few, sweeps: 1440, intervalS: 60, seed: seed + 1 });
  const [sweep] = hour.slice(30);
  if (!sweep) throw new Error('there is no sweep');
  const startOf = (columns: TelemetryColumns, spanMs: number) => {
    const first = columns.sampledAtMs.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY);
    return Math.floor(first / spanMs) * spanMs;
  };
  const rawOf = (columns: TelemetryColumns) => toRawTable(columns, startOf(columns, hourMs));
  const historyTable = (columns: TelemetryColumns) =>
    historyOf(rawOf(columns), startOf(columns, hourMs), startOf(columns, dayMs));
  const rows = toColumns(hour.flatMap(toReadings));
  const wholeDay = toColumns(day.flatMap(toReadings));
  const found = recordings();
  say('Packing');
  const documents = [
    batchOf('simulated: batch of one sweep', sweep),
    blockOf('simulated: raw block of an hour', rawOf(rows), leastRows.raw, true),
    blockOf('simulated: history block of a day', historyTable(wholeDay), leastRows.history, false),
    ...found.flatMap(({ name, columns }) => [
      blockOf(`${name}: raw block`, rawOf(columns), leastRows.raw, true),
      blockOf(`${name}: history block`, historyTable(columns), leastRows.history, false),
    ]),
  ];
  const figures = documents.map((document) => {
    say(document.of);
    return measure(document);
  });
  const header = { siteId: 1, gatewayId: 'gw-1', shard: 0, sequence: 2, createdAtMs: 1 };
  const batch = encodeBatchColumns(header, sweep);
  const block = encodeTable(rawOf(rows));
  const power = new Set(['t', '2']);
  const speed = {
    encodeBatchUs: microsecondsOf(() => encodeBatchColumns(header, sweep)),
    decodeBatchUs: microsecondsOf(() => decodeBatchColumns(batch)),
    rowsOfBatch: sweep.rows,
    decodeOneFieldOfHourUs: microsecondsOf(() => decodeTable(block, power)),
    rowsOfHour: rows.rows,
  };
  const shown = (value: number | undefined) => value ?? 'no xz';
  return {
    figures: { aimAgainstXz, documents: figures, speed },
    tables: [
      {
        title: 'Bytes per row, all fields',
        rows: figures.map(({ of, isRaw, rows: count, bytesPerRow, againstXz9 }) => ({
          document: of,
          rows: count,
          HIT2: `${bytesPerRow.ours}`,
          'entropy bound': `${bytesPerRow.entropyBound}`,
          'xz -9': `${shown(bytesPerRow.fixedWidthXz9)}`,
          'of xz -9':
            againstXz9 === undefined ? 'no xz' : isRaw ? aimed(againstXz9, aimAgainstXz) : `${againstXz9}`,
          'zstd -19': `${bytesPerRow.fixedWidthZstd19}`,
          brotli: `${bytesPerRow.fixedWidthBrotli11}`,
          'Parquet zstd': `${bytesPerRow.parquetZstd}`,
          'Arrow zstd -3': `${bytesPerRow.arrowZstd3}`,
          'Arrow zstd -19': `${bytesPerRow.arrowZstd19}`,
          'fixed width': `${bytesPerRow.fixedWidth}`,
        })),
      },
      {
        title: 'Processor time, one thread',
        rows: [
          { work: `encode a batch of ${speed.rowsOfBatch} rows`, µs: speed.encodeBatchUs },
          { work: `decode a batch of ${speed.rowsOfBatch} rows`, µs: speed.decodeBatchUs },
          { work: `decode one field of ${speed.rowsOfHour} rows`, µs: speed.decodeOneFieldOfHourUs },
        ],
      },
    ],
    notes: [
      'HIT2: blocks in their segments, each of which is read alone, with the miners’ ids; the others: the same columns as one run, with a number in place of an id.',
      'xz, zstd and brotli: columns one after the other, as wide as their values need. Parquet: each column in the shorter of its usual encoding and DELTA_BINARY_PACKED, zstd -3.',
      'Entropy bound: each column’s least empirical entropy of order 0 over its values and its remainders after every prediction of the format (Miller–Madow), without any table, id or framing. Dependence between columns is not in it, so that classes can go below it.',
      ...(found.length > 0
        ? []
        : ['No recordings: set HASHINSIGHT_DATA to the directory that holds bitaxe/*.csv.']),
    ],
  };
};
