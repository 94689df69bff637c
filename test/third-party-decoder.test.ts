import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { simulatedSweeps } from '../bench/codec/simulated-rows.ts';
import { encodeTable } from '../contracts/column-codec.ts';
import type { ColumnTable } from '../contracts/column-table.ts';
import { minerStates, readingFieldNames } from '../contracts/reading.ts';
import { decodeBatch, encodeBatch, encodeBatchColumns } from '../contracts/telemetry-batch.ts';
import { type TelemetryColumns, toColumns, toReadings } from '../contracts/telemetry-columns.ts';
import { toRawTable } from '../lambdas/telemetry/raw-table.ts';
import { encodeSegments } from '../lambdas/telemetry/segments.ts';
import { exampleBatch } from './third-party-decoder/example.ts';

const page = readFileSync(new URL('../docs/telemetry-format.md', import.meta.url), 'utf8');
const script = new URL('./third-party-decoder/decode.py', import.meta.url).pathname;
const decoded = z.looseObject({
  rows: z.int(),
  sizes: z.array(z.int()),
  columns: z.record(z.string(), z.array(z.number().nullable())),
  header: z.looseObject({}).optional(),
  minerIds: z.array(z.string()).optional(),
  errorSets: z.array(z.array(z.string())).optional(),
});

const directory = mkdtempSync(join(tmpdir(), 'hashinsight-format-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const { status, stderr, error } = spawnSync('python3', [script, 'batch'], { encoding: 'utf8' });
const missing = error ? 'there is no python3' : status === 0 ? undefined : stderr.trim();
if (missing) console.warn(`The third party's decoder is not run: ${missing}`);

const decodeAll = (kind: 'batch' | 'table' | 'segment', documents: readonly Uint8Array[]) => {
  const files = documents.map((bytes, at) => {
    const file = join(directory, `${kind}-${at}`);
    writeFileSync(file, bytes);
    return file;
  });
  const lines = execFileSync('python3', [script, kind, ...files], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  return lines
    .trim()
    .split('\n')
    .map((line) => decoded.parse(JSON.parse(line)));
};
const listed = (column: ArrayLike<number>) =>
  Array.from(column, (value) => (Number.isNaN(value) ? null : value + 0));
const columnsOf = (columns: ReadonlyMap<string, Float64Array>) =>
  Object.fromEntries([...columns].map(([name, column]) => [name, listed(column)]));
const batchColumnsOf = (columns: TelemetryColumns) => ({
  sampledAtMs: listed(columns.sampledAtMs),
  state: listed(columns.state),
  mode: listed(columns.mode),
  errorSet: listed(columns.errorSet),
  ...Object.fromEntries(
    readingFieldNames.flatMap((field) => {
      const column = columns.values[field];
      return column ? [[field, listed(column)]] : [];
    }),
  ),
});
const hexBlocks = () =>
  [...page.matchAll(/```hex\n([0-9a-f\n]+)```/g)].map(([, hex = '']) =>
    Buffer.from(hex.replaceAll('\n', ''), 'hex'),
  );
const place = { siteId: 1, gatewayId: 'gw-1', shard: 0, createdAtMs: 1.8e12 };

describe('the page of the telemetry format', () => {
  it('shows the bytes of its example', () => {
    const [batch = Buffer.alloc(0), frame, numbers] = hexBlocks();
    expect(batch).toEqual(Buffer.from(encodeBatch(exampleBatch)));
    const length = (batch[8] ?? 0) - 128 + 128 * (batch[9] ?? 0);
    expect(page).toContain(`(${length} bytes)`);
    expect(zstdDecompressSync(batch.subarray(10, 10 + length))).toEqual(frame);
    expect(batch.subarray(10 + length)).toEqual(numbers);
    expect(decodeBatch(batch)).toEqual({ ok: true, batch: exampleBatch });
  });

  it('has the states in their order', () => {
    expect(page).toContain(minerStates.map((state, at) => `${at} ${state}`).join(', '));
  });
});

describe.skipIf(missing !== undefined)('a decoder that was written from the page', () => {
  it('reads batches', () => {
    const sweeps = simulatedSweeps({ miners: 150, sweeps: 3, intervalS: 60, seed: 4 });
    const history = toColumns(sweeps.flatMap(toReadings));
    const rare = toColumns([
      { minerId: 'b', sampledAtMs: 9, state: 'fault', mode: 'low', errorCodes: ['110', '218'], values: {} },
      {
        minerId: 'a',
        sampledAtMs: 5,
        state: 'idle',
        errorCodes: [],
        values: { inletTempC: -12.5, uptimeS: 1e12 },
      },
    ]);
    const all = [...sweeps, history, rare, toColumns(exampleBatch.readings)];
    const found = decodeAll(
      'batch',
      all.map((columns, at) => encodeBatchColumns({ ...place, sequence: at + 1 }, columns)),
    );
    expect(found).toHaveLength(all.length);
    all.forEach((columns, at) => {
      expect(found[at]?.header).toEqual({ ...place, sequence: at + 1, previousSequence: 0 });
      expect(found[at]?.minerIds).toEqual(columns.minerIds);
      expect(found[at]?.errorSets).toEqual(columns.errorSets);
      expect(found[at]?.columns).toEqual(batchColumnsOf(columns));
    });
  });

  it('reads the segments of a raw block', () => {
    const sweeps = simulatedSweeps({ miners: 20, sweeps: 30, intervalS: 60, seed: 5 });
    const startMs = 1_768_456_800_000;
    const table = toRawTable(toColumns(sweeps.flatMap(toReadings)), startMs);
    const { bytes, segments } = encodeSegments(table, 200);
    expect(segments.length).toBeGreaterThan(2);
    let start = 0;
    const parts = segments.map((segment) => {
      start += segment.bytes;
      return bytes.subarray(start - segment.bytes, start);
    });
    const found = decodeAll('segment', parts);
    expect(found.flatMap(({ minerIds = [] }) => minerIds)).toEqual(table.minerIds);
    for (const [name, column] of table.columns)
      expect(found.flatMap(({ columns, rows }) => columns[name] ?? Array(rows).fill(null))).toEqual(
        listed(column),
      );
  });

  it('reads tables of every kind of column and prediction', () => {
    const rows = 400;
    const table = (groupRows: number, make: (at: number, name: string) => number): ColumnTable => ({
      rows,
      groups: Uint32Array.from({ length: rows / groupRows }, (_, at) => at * groupRows),
      columns: new Map(
        ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [
          name,
          Float64Array.from({ length: rows }, (_, at) => make(at, name)),
        ]),
      ),
    });
    const noise = (at: number) => ((at * 2_654_435_761) % 4_294_967_296) / 4_294_967_296;
    const make = (at: number, name: string) => {
      if (name === 'a') return noise(at) < 0.2 ? Number.NaN : Math.floor(1e5 * noise(at * 3)) * 20;
      if (name === 'b') return 1e12 + at * at * 7;
      if (name === 'c') return [5, 9, 900, 12_345][at % 4] ?? 0;
      if (name === 'd') return at % 100 === 3 ? -1 : Number.NaN;
      if (name === 'e') return Math.floor(2 ** 52 * noise(at)) * 2 - 2 ** 52;
      return 1000 * (at % 4) + Math.floor(50 * noise(at * 11)) - 200;
    };
    const counting = (at: number) => 70 * at + Math.floor(40 * noise(at));
    const level = (at: number, name: string) => 5e5 + Math.floor(3e3 * noise(at + name.charCodeAt(0)));
    const tables = [
      ...[1, 4, 40, 400].map((groupRows) => table(groupRows, make)),
      table(40, counting),
      table(40, level),
      table(100, (at) => (at % 100 === 0 ? 0 : 60_000 * (at % 100))),
      { rows: 0, groups: Uint32Array.of(0), columns: new Map([['a', new Float64Array()]]) },
    ];
    const found = decodeAll('table', tables.map(encodeTable));
    tables.forEach(({ columns }, at) => {
      expect(found[at]?.columns).toEqual(columnsOf(columns));
    });
  });
});
