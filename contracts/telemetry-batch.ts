import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import * as z from 'zod';
import { BatchError, type BatchFault, Reader, Writer } from './batch-bytes.ts';
import { epochMs, gatewayId, minerId, siteId } from './identifiers.ts';
import {
  type MinerReading,
  minerStates,
  powerModes,
  type ReadingField,
  readingFieldNames,
  readingFields,
} from './reading.ts';

/**
 * Telemetry format 1, the unit that a gateway publishes and the raw tier stores. Bytes:
 *
 *     "HIT1"  zstd frame of:
 *       varint header length, header (UTF-8 JSON: batchHeader)
 *       per row: varint miner index, signed varint of sampledAtMs minus the previous row's (the first: minus baseMs),
 *                byte state index, byte mode index + 1 (0 is absent), varint index + 1 into header.errorSets (0 is absent)
 *       per field in header.fields: presence bitmap, one bit a row, least bit first; then for every present value
 *                a signed varint: value × 10^decimals, minus the previous value of the same miner in this batch
 *
 * Varints are LEB128; signed ones are zigzagged first. Rows are ordered by miner, then by time.
 */
export const telemetryMagic = 'HIT1';
export const maxBatchBytes = 128 * 1024;
export const maxBatchRows = 10_000;
const maxInflatedBytes = 16 * 1024 * 1024;

const count = z.int().nonnegative();
/** What the gateway's spool held when it made the batch: not every batch says it. */
export const spoolDepth = z.strictObject({
  /** Batches that wait to be sent, and the age of the oldest of them. */
  waiting: count,
  oldestMs: count,
  /** Of all batches that it keeps, with those that were sent and have no receipt yet. */
  bytes: count,
  /** Readings that it left out or dropped for want of room, ever since its state file began. */
  thinnedRows: count,
  droppedRows: count,
});
export type SpoolDepth = z.infer<typeof spoolDepth>;

export const batchHeader = z.strictObject({
  siteId,
  gatewayId,
  /** A stable group of this gateway's miners; every batch of a shard carries the same miners as far as they were read. */
  shard: z.int().nonnegative(),
  /** Grows by one with every batch that this gateway makes, over all its shards; with the gateway it names the batch. */
  sequence: z.int().positive(),
  /**
   * The sequence of the previous batch of the same shard, 0 for its first: so the shard's head alone sees every gap. The batch
   * stands for everything of the shard after it up to `sequence` (contracts/telemetry-receipt.ts).
   */
  previousSequence: z.int().nonnegative().default(0),
  spool: spoolDepth.optional(),
  createdAtMs: epochMs,
  baseMs: epochMs,
  rows: z.int().min(1).max(maxBatchRows),
  minerIds: z.array(minerId).min(1),
  fields: z.array(z.enum(readingFieldNames)),
  errorSets: z.array(z.array(z.string().min(1).max(40)).max(32)),
});
export type BatchHeader = z.infer<typeof batchHeader>;

export type TelemetryBatch = Pick<
  BatchHeader,
  'siteId' | 'gatewayId' | 'shard' | 'sequence' | 'createdAtMs'
> & {
  /** Left out: 0. */
  readonly previousSequence?: number;
  readonly spool?: SpoolDepth | undefined;
  readonly readings: readonly MinerReading[];
};

export type DecodedBatch =
  | { readonly ok: true; readonly batch: TelemetryBatch }
  | { readonly ok: false; readonly fault: BatchFault; readonly detail: string };

const scaleOf = (field: ReadingField) => 10 ** readingFields[field].decimals;

/**
 * The value as the wire keeps it: rounded to the field's stated decimals. Use it wherever a figure must equal what a
 * decoder will see.
 */
export const toWirePrecision = (field: ReadingField, value: number) =>
  Math.round(value * scaleOf(field)) / scaleOf(field);

/**
 * Packs readings of one shard. Throws RangeError when it has no reading, more than `maxBatchRows`, or a value that is
 * not a finite number: those are the caller's mistakes. The result may exceed `maxBatchBytes`; split and try again.
 */
export const encodeBatch = (batch: TelemetryBatch): Uint8Array => {
  if (batch.readings.length === 0) throw new RangeError('a batch needs at least one reading');
  if (batch.readings.length > maxBatchRows)
    throw new RangeError(`a batch holds at most ${maxBatchRows} readings`);
  const rows = batch.readings.toSorted((a, b) =>
    a.minerId < b.minerId ? -1 : a.minerId > b.minerId ? 1 : a.sampledAtMs - b.sampledAtMs,
  );
  const minerIndex = new Map<string, number>();
  const errorIndex = new Map<string, number>();
  const errorSets: string[][] = [];
  const present = new Set<ReadingField>();
  let baseMs = Number.MAX_SAFE_INTEGER;
  for (const row of rows) {
    if (!minerIndex.has(row.minerId)) minerIndex.set(row.minerId, minerIndex.size);
    baseMs = Math.min(baseMs, row.sampledAtMs);
    if (row.errorCodes) {
      const key = JSON.stringify(row.errorCodes);
      if (!errorIndex.has(key)) {
        errorIndex.set(key, errorSets.length);
        errorSets.push(row.errorCodes);
      }
    }
    for (const field of Object.keys(row.values) as ReadingField[])
      if (row.values[field] !== undefined) present.add(field);
  }
  const fields = readingFieldNames.filter((field) => present.has(field));
  const header: BatchHeader = {
    siteId: batch.siteId,
    gatewayId: batch.gatewayId,
    shard: batch.shard,
    sequence: batch.sequence,
    previousSequence: batch.previousSequence ?? 0,
    ...(batch.spool && { spool: batch.spool }),
    createdAtMs: batch.createdAtMs,
    baseMs,
    rows: rows.length,
    minerIds: [...minerIndex.keys()],
    fields,
    errorSets,
  };
  const out = new Writer();
  const headerBytes = new TextEncoder().encode(JSON.stringify(header));
  out.varint(headerBytes.length);
  out.bytes(headerBytes);
  let previousMs = baseMs;
  for (const row of rows) {
    out.varint(minerIndex.get(row.minerId) ?? 0);
    out.signed(row.sampledAtMs - previousMs);
    previousMs = row.sampledAtMs;
    out.byte(minerStates.indexOf(row.state));
    out.byte(row.mode === undefined ? 0 : powerModes.indexOf(row.mode) + 1);
    out.varint(row.errorCodes ? (errorIndex.get(JSON.stringify(row.errorCodes)) ?? 0) + 1 : 0);
  }
  for (const field of fields) encodeColumn(out, field, rows);
  const packed = zstdCompressSync(out.done());
  const bytes = new Uint8Array(telemetryMagic.length + packed.length);
  bytes.set(new TextEncoder().encode(telemetryMagic));
  bytes.set(packed, telemetryMagic.length);
  return bytes;
};

const encodeColumn = (out: Writer, field: ReadingField, rows: readonly MinerReading[]) => {
  const bitmap = new Uint8Array(Math.ceil(rows.length / 8));
  rows.forEach((row, index) => {
    if (row.values[field] !== undefined) bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7));
  });
  out.bytes(bitmap);
  const scale = scaleOf(field);
  let minerId: string | undefined;
  let previous = 0;
  for (const row of rows) {
    if (row.minerId !== minerId) {
      minerId = row.minerId;
      previous = 0;
    }
    const value = row.values[field];
    if (value === undefined) continue;
    const scaled = Math.round(value * scale);
    if (!Number.isSafeInteger(scaled))
      throw new RangeError(`${field} of ${row.minerId} is not a number that fits: ${value}`);
    out.signed(scaled - previous);
    previous = scaled;
  }
};

/**
 * Unpacks what a gateway sent. Never throws on bad bytes: the fault says what is wrong with them, for the place where
 * undecodable batches are kept aside.
 */
export const decodeBatch = (bytes: Uint8Array): DecodedBatch => {
  try {
    return { ok: true, batch: decode(bytes) };
  } catch (error) {
    if (error instanceof BatchError) return { ok: false, fault: error.fault, detail: error.message };
    throw error;
  }
};

const decode = (bytes: Uint8Array): TelemetryBatch => {
  if (bytes.length > maxBatchBytes)
    throw new BatchError('TOO_LARGE', `${bytes.length} bytes, at most ${maxBatchBytes} allowed`);
  const magic = new TextDecoder('latin1').decode(bytes.subarray(0, telemetryMagic.length));
  if (magic !== telemetryMagic) throw new BatchError('BAD_MAGIC', 'the first four bytes are not HIT1');
  const reader = new Reader(inflate(bytes.subarray(telemetryMagic.length)));
  const header = parseHeader(reader.bytes(reader.varint()));
  const rows: MinerReading[] = [];
  let previousMs = header.baseMs;
  for (let index = 0; index < header.rows; index++) {
    const id = header.minerIds[reader.varint()];
    const sampledAtMs = previousMs + reader.signed();
    previousMs = sampledAtMs;
    const state = minerStates[reader.byte()];
    const modeByte = reader.byte();
    const errorsByte = reader.varint();
    const mode = modeByte === 0 ? undefined : powerModes[modeByte - 1];
    const errorCodes = errorsByte === 0 ? undefined : header.errorSets[errorsByte - 1];
    if (id === undefined || state === undefined || sampledAtMs < 0)
      throw new BatchError('BAD_VALUE', `row ${index} is out of range`);
    if ((modeByte !== 0 && !mode) || (errorsByte !== 0 && !errorCodes))
      throw new BatchError('BAD_VALUE', `row ${index} is out of range`);
    rows.push({
      minerId: id,
      sampledAtMs,
      state,
      ...(mode && { mode }),
      ...(errorCodes && { errorCodes }),
      values: {},
    });
  }
  for (const field of header.fields) decodeColumn(reader, field, rows);
  if (reader.left > 0) throw new BatchError('TRAILING_BYTES', `${reader.left} bytes follow the last column`);
  const { siteId, gatewayId, shard, sequence, previousSequence, spool, createdAtMs } = header;
  return {
    siteId,
    gatewayId,
    shard,
    sequence,
    previousSequence,
    ...(spool && { spool }),
    createdAtMs,
    readings: rows,
  };
};

const decodeColumn = (reader: Reader, field: ReadingField, rows: readonly MinerReading[]) => {
  const bitmap = reader.bytes(Math.ceil(rows.length / 8));
  const scale = scaleOf(field);
  let minerId: string | undefined;
  let previous = 0;
  rows.forEach((row, index) => {
    if (row.minerId !== minerId) {
      minerId = row.minerId;
      previous = 0;
    }
    if (((bitmap[index >> 3] ?? 0) & (1 << (index & 7))) === 0) return;
    previous += reader.signed();
    row.values[field] = previous / scale;
  });
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

const parseHeader = (bytes: Uint8Array): BatchHeader => {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new BatchError('BAD_HEADER', 'the header is not JSON');
  }
  const parsed = batchHeader.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new BatchError('BAD_HEADER', `${issue?.path.join('.')}: ${issue?.message}`);
  }
  return parsed.data;
};
