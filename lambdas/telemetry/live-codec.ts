import * as z from 'zod';
import { BatchError, Reader, Writer } from '../../contracts/batch-bytes.ts';
import { decodeTable, encodeTable } from '../../contracts/column-codec.ts';
import { type ColumnTable, maxRowsOfTable } from '../../contracts/column-table.ts';
import { freshMemory, type Memory } from '../../contracts/memory.ts';
import { type ReadingField, readingFieldNames } from '../../contracts/reading.ts';
import { decodeBatchColumns } from '../../contracts/telemetry-batch.ts';
import type { Column, TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { detectorState } from '../alerting/detector-state.ts';
import { type LiveState, noColumns } from './live-state.ts';
import { pack, unpack } from './pack.ts';
import { gatherRows, takeRows } from './row-sets.ts';
import { readSlices, writeSlices } from './slices.ts';
import { readQuickColumn, writeQuickColumn } from './state-bytes.ts';

/**
 * A shard's live state as it is stored. The latest rows that came with the newest batch are stored as that batch's bytes, so that
 * they need not be packed again. Sections, each a varint of its length and its bytes (none: empty): what is rare, as packed
 * JSON; the state's columns; the newest batch; the latest rows of the miners that it did not bring.
 */
const rareContent = z.strictObject({
  kinds: z.array(z.tuple([z.int(), detectorState.shape.kinds])),
  /** Of the rows that follow. */
  minerIds: z.array(z.string()),
  errorSets: z.array(z.array(z.string())),
});

type LiveParts = Pick<
  LiveState,
  'latestMs' | 'slices' | 'startedMs' | 'rampedMs' | 'noise' | 'missed' | 'kinds'
> & {
  readonly rows: LatestRows;
};

/** The latest rows of a shard: each miner's last in a batch, as bytes, unless `others` have the miner. */
export type LatestRows = {
  readonly batch: Uint8Array | undefined;
  readonly others: TelemetryColumns | undefined;
};

// Kept between calls: nothing here waits, so no two calls are under way at once.
const whole = new Writer(96 * 1024);
const part = new Writer(64 * 1024);

/** Packs a state with its latest rows (`latestRows`). */
export const encodeLive = (live: LiveState, { batch, others }: LatestRows): Uint8Array => {
  const out = whole;
  out.restart();
  const section = (bytes: Uint8Array) => {
    out.varint(bytes.length);
    out.bytes(bytes);
  };
  const rare = {
    kinds: [...live.kinds].sort(([a], [b]) => a - b),
    minerIds: others?.minerIds ?? [],
    errorSets: others?.errorSets ?? [],
  };
  section(rare.kinds.length + rare.minerIds.length === 0 ? nothing : pack(rare));
  section(stateBytes(live));
  section(batch ?? nothing);
  section(others ? encodeTable(rowTable(others)) : nothing);
  return out.done().slice();
};
const nothing = new Uint8Array();

/** Unpacks what `encodeLive` packed, into `memory`. Throws BatchError or ZodError where the bytes are damaged. */
export const decodeLive = (bytes: Uint8Array, memory: Memory = freshMemory): LiveParts => {
  const reader = new Reader(bytes);
  const section = () => reader.bytes(reader.varint());
  const rareBytes = section();
  const rare = rareBytes.length > 0 ? unpack(rareContent, rareBytes) : undefined;
  const state = section();
  const batch = section();
  const otherBytes = section();
  return {
    ...fromStateBytes(state, memory),
    kinds: new Map(rare?.kinds),
    rows: {
      batch: batch.length > 0 ? batch : undefined,
      others:
        rare && otherBytes.length > 0
          ? fromRowTable(decodeTable(otherBytes), rare.minerIds, rare.errorSets)
          : undefined,
    },
  };
};

/** A batch with more rows than this per miner is not kept for its last ones. */
const mostRowsAMiner = 2;

/**
 * Where the latest rows of a state lie once a batch was applied to it: in the batch's bytes, as they were before, or, of
 * those miners that the batch did not bring, aside.
 */
export const latestRows = (
  { latest, minerIds }: LiveState,
  before: LatestRows,
  fromBatch: Uint8Array,
  batch: Uint8Array,
  batchRows: number,
): LatestRows => {
  const aside: number[] = [];
  for (let miner = 0; miner < fromBatch.length; miner++) if (fromBatch[miner] === 0) aside.push(miner);
  if (aside.length === minerIds.length) return before;
  if (batchRows > mostRowsAMiner * minerIds.length) return { batch: undefined, others: latest };
  if (aside.length === 0) return { batch, others: undefined };
  if (!latest) throw new RangeError('the shard’s latest rows were not loaded');
  return { batch, others: takeRows(latest, aside) };
};

/** The latest rows themselves, one a miner, in the miners' order. Throws Error where the stored batch is damaged. */
export const openLatest = ({ batch, others }: LatestRows): TelemetryColumns => {
  const decoded = batch && decodeBatchColumns(batch);
  if (decoded && !decoded.ok) throw new Error(`The batch of a live state is damaged: ${decoded.fault}`);
  const columns = decoded?.columns;
  if (!columns) return others ?? noColumns;
  if (!others && columns.rows === columns.minerIds.length) return columns;
  const sources = [columns, ...(others ? [others] : [])];
  const latest = new Map<string, readonly [source: number, row: number]>();
  sources.forEach(({ rows, minerIds, miner }, source) => {
    for (let row = 0; row < rows; row++) latest.set(minerIds[miner[row] ?? 0] ?? '', [source, row]);
  });
  const rows = [...latest].sort(([a], [b]) => (a < b ? -1 : 1));
  return gatherRows(
    rows.map(([id]) => id),
    rows.map((_, at) => at),
    sources,
    rows.map(([, [source]]) => source),
    rows.map(([, [, row]]) => row),
  );
};

const watches = ['startedMs', 'rampedMs', 'noise', 'missed'] as const;

/** Rows; the times and the watches; the slices. */
const stateBytes = (live: LiveState): Uint8Array => {
  const rows = live.minerIds.length;
  const out = part;
  out.restart();
  out.varint(rows);
  writeQuickColumn(out, live.latestMs, 0, rows);
  for (const name of watches) writeQuickColumn(out, live[name], 0, rows);
  writeSlices(out, live.slices);
  return out.done();
};

const fromStateBytes = (bytes: Uint8Array, memory: Memory) => {
  const reader = new Reader(bytes);
  const rows = reader.varint();
  if (rows > maxRowsOfTable) throw new BatchError('BAD_HEADER', `a state of ${rows} miners`);
  const read = () => {
    const column = memory.float64(rows);
    readQuickColumn(reader, column, 0, rows);
    return column;
  };
  const latestMs = read();
  const [startedMs, rampedMs, noise, missed] = [read(), read(), read(), read()];
  return { latestMs, startedMs, rampedMs, noise, missed, slices: readSlices(reader, rows, memory) };
};

const rowColumns = ['sampledAtMs', 'state', 'mode', 'errorSet'] as const;

const rowTable = (rows: TelemetryColumns): ColumnTable => {
  const columns = new Map<string, Float64Array>();
  for (const name of rowColumns) columns.set(name, Float64Array.from(rows[name]));
  for (const field of readingFieldNames) {
    const column = rows.values[field];
    if (column) columns.set(field, column);
  }
  return { rows: rows.rows, groups: Uint32Array.of(0), columns };
};

const fromRowTable = (
  { rows, columns }: ColumnTable,
  minerIds: readonly string[],
  errorSets: readonly (readonly string[])[],
): TelemetryColumns => {
  const values: Partial<Record<ReadingField, Column>> = {};
  for (const field of readingFieldNames) {
    const column = columns.get(field);
    if (column) values[field] = column;
  }
  const of = (name: (typeof rowColumns)[number]) => columns.get(name) ?? new Float64Array(rows);
  return {
    rows,
    minerIds,
    miner: Uint32Array.from({ length: rows }, (_, at) => at),
    sampledAtMs: of('sampledAtMs'),
    state: Uint8Array.from(of('state')),
    mode: Uint8Array.from(of('mode')),
    errorSet: Uint16Array.from(of('errorSet')),
    errorSets,
    values,
  };
};
