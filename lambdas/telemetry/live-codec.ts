import * as z from 'zod';
import { Reader, Writer } from '../../contracts/batch-bytes.ts';
import { type ColumnTable, decodeTable, encodeTable } from '../../contracts/column-codec.ts';
import { type ReadingField, readingFieldNames } from '../../contracts/reading.ts';
import type { Column, TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { detectorState } from '../alerting/detector-state.ts';
import type { LiveState } from './live-state.ts';
import { pack, unpack } from './pack.ts';
import { gatherRows, takeRows } from './row-sets.ts';
import { emptySlices, sliceKinds, slicesKept } from './slices.ts';

/**
 * A shard's live state as it is stored. The latest rows that came with the newest batch are not in it: they lie in that batch's
 * bytes already. Sections, each a varint of its length and its bytes: what is rare, as packed JSON (nothing: empty);
 * the state's columns; the latest rows of the miners that the newest batch did not bring.
 */
const rareContent = z.strictObject({
  kinds: z.array(z.tuple([z.int(), detectorState.shape.kinds])),
  /** Of the rows that follow. */
  minerIds: z.array(z.string()),
  errorSets: z.array(z.array(z.string())),
});

export type LiveParts = Pick<
  LiveState,
  'latestMs' | 'slices' | 'startedMs' | 'rampedMs' | 'noise' | 'missed' | 'kinds'
> & {
  /** Latest rows that are not in the newest batch. */
  readonly others: TelemetryColumns | undefined;
};

/** Packs a state; `fromBatch` says of which miners the stored batch has the latest row (left out: of none). */
export const encodeLive = (live: LiveState, fromBatch?: Uint8Array): Uint8Array => {
  const others = othersOf(live, fromBatch);
  const out = new Writer();
  const section = (bytes: Uint8Array) => {
    out.varint(bytes.length);
    out.bytes(bytes);
  };
  const rare = {
    kinds: [...live.kinds].sort(([a], [b]) => a - b),
    minerIds: others?.minerIds ?? [],
    errorSets: others?.errorSets ?? [],
  };
  section(rare.kinds.length + rare.minerIds.length === 0 ? new Uint8Array() : pack(rare));
  section(encodeTable(stateTable(live)));
  section(others ? encodeTable(rowTable(others)) : new Uint8Array());
  return out.done();
};

/** Unpacks what `encodeLive` packed. Throws BatchError or ZodError where the bytes are damaged. */
export const decodeLive = (bytes: Uint8Array): LiveParts => {
  const reader = new Reader(bytes);
  const rareBytes = reader.bytes(reader.varint());
  const rare = rareBytes.length > 0 ? unpack(rareContent, rareBytes) : undefined;
  const table = decodeTable(reader.bytes(reader.varint()));
  const otherBytes = reader.bytes(reader.varint());
  return {
    ...fromStateTable(table),
    kinds: new Map(rare?.kinds),
    others:
      rare && otherBytes.length > 0
        ? fromRowTable(decodeTable(otherBytes), rare.minerIds, rare.errorSets)
        : undefined,
  };
};

const othersOf = ({ latest }: LiveState, fromBatch: Uint8Array | undefined) => {
  if (!fromBatch) {
    if (!latest) throw new RangeError('the shard’s latest rows were not loaded');
    return latest;
  }
  const rows: number[] = [];
  for (let miner = 0; miner < fromBatch.length; miner++) if (fromBatch[miner] === 0) rows.push(miner);
  if (rows.length === 0) return undefined;
  if (!latest) throw new RangeError('the shard’s latest rows were not loaded');
  return takeRows(latest, rows);
};

/** The latest rows of a shard: those of its newest batch, and the others, which stand where both know a miner. */
export const joinLatest = (
  batch: TelemetryColumns | undefined,
  others: TelemetryColumns | undefined,
): TelemetryColumns | undefined => {
  if (!batch) return others;
  if (!others && batch.rows === batch.minerIds.length) return batch;
  const sources = [batch, ...(others ? [others] : [])];
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

const stateTable = (live: LiveState): ColumnTable => {
  const rows = live.minerIds.length;
  const columns = new Map<string, Float64Array>([['latestMs', live.latestMs]]);
  for (const name of watches) if (someSaid(live[name])) columns.set(name, live[name]);
  for (const kind of sliceKinds)
    for (let slot = 0; slot < slicesKept; slot++) {
      const column = live.slices[kind].subarray(slot * rows, (slot + 1) * rows);
      if (column.some((value) => value !== 0)) columns.set(`${kind}${slot}`, column);
    }
  return { rows, groups: Uint32Array.of(0), columns };
};

const someSaid = (column: Float64Array) => column.some((value) => !Number.isNaN(value));

const fromStateTable = ({ rows, columns }: ColumnTable) => {
  const slices = emptySlices(rows);
  for (const kind of sliceKinds)
    for (let slot = 0; slot < slicesKept; slot++) {
      const column = columns.get(`${kind}${slot}`);
      if (column) slices[kind].set(column, slot * rows);
    }
  const column = (name: string) => columns.get(name) ?? new Float64Array(rows).fill(Number.NaN);
  return {
    latestMs: column('latestMs'),
    slices,
    startedMs: column('startedMs'),
    rampedMs: column('rampedMs'),
    noise: column('noise'),
    missed: column('missed'),
  };
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
