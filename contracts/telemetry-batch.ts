import * as z from 'zod';
import { BatchError, type BatchFault } from './batch-bytes.ts';
import type { Bounds } from './column-read.ts';
import { epochMs, gatewayId, siteId } from './identifiers.ts';
import { freshMemory, type Memory } from './memory.ts';
import type { MinerReading, ReadingField } from './reading.ts';
import { scaleOf, type TelemetryColumns, toColumns, toReadings } from './telemetry-columns.ts';
import { decodeRows, encodeRows } from './telemetry-rows.ts';

/**
 * Telemetry format 2, the unit that a gateway publishes and the raw tier stores: "HIT2", then rows packed in columns, whose
 * header is this module's batchHeader as JSON. docs/telemetry-format.md has every byte.
 */
export const telemetryMagic = 'HIT2';
const magicBytes = Buffer.from(telemetryMagic, 'latin1');
export const maxBatchBytes = 128 * 1024;
export const maxBatchRows = 10_000;

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
});
export type BatchHeader = z.infer<typeof batchHeader>;
/** What the caller says of a batch; `previousSequence` left out is 0. */
export type BatchHeaderParts = Omit<BatchHeader, 'previousSequence' | 'spool'> & {
  readonly previousSequence?: number;
  readonly spool?: SpoolDepth | undefined;
};

export type TelemetryBatch = BatchHeaderParts & { readonly readings: readonly MinerReading[] };

type Refused = { readonly ok: false; readonly fault: BatchFault; readonly detail: string };
export type DecodedColumns =
  | {
      readonly ok: true;
      readonly header: BatchHeader;
      readonly columns: TelemetryColumns;
      /** Of each field: no value of it lies outside. */
      readonly bounds: ReadonlyMap<string, Bounds>;
    }
  | Refused;
export type DecodedBatch = { readonly ok: true; readonly batch: TelemetryBatch } | Refused;

/**
 * The value as the wire keeps it: rounded to the field's stated decimals. Use it wherever a figure must equal what a
 * decoder will see.
 */
export const toWirePrecision = (field: ReadingField, value: number) =>
  Math.round(value * scaleOf(field)) / scaleOf(field);

const headerText = ({ spool, ...parts }: BatchHeaderParts) =>
  JSON.stringify({
    siteId: parts.siteId,
    gatewayId: parts.gatewayId,
    shard: parts.shard,
    sequence: parts.sequence,
    previousSequence: parts.previousSequence ?? 0,
    createdAtMs: parts.createdAtMs,
    ...(spool && { spool }),
  });

/**
 * Packs rows of one shard. Equal rows give equal bytes. Throws RangeError when it has no row, more than `maxBatchRows`, rows out of
 * order, or a value that is not a whole number: those are the caller's mistakes. The result may exceed `maxBatchBytes`; split and try again.
 */
export const encodeBatchColumns = (header: BatchHeaderParts, columns: TelemetryColumns): Uint8Array => {
  if (columns.rows === 0) throw new RangeError('a batch needs at least one row');
  if (columns.rows > maxBatchRows) throw new RangeError(`a batch holds at most ${maxBatchRows} rows`);
  return Buffer.concat([magicBytes, encodeRows(columns, headerText(header))]);
};

/** The same of readings in any order. */
export const encodeBatch = ({ readings, ...header }: TelemetryBatch): Uint8Array =>
  encodeBatchColumns(header, toColumns(readings));

/**
 * Unpacks what a gateway sent. Never throws on bad bytes: the fault says what is wrong with them, for the place where
 * undecodable batches are kept aside. Rows of one miner are in the order of their times; of equal times there may be several. Columns are
 * as long of use as `memory` is.
 */
export const decodeBatchColumns = (bytes: Uint8Array, memory: Memory = freshMemory): DecodedColumns => {
  try {
    if (bytes.length > maxBatchBytes)
      throw new BatchError('TOO_LARGE', `${bytes.length} bytes, at most ${maxBatchBytes} allowed`);
    if (Buffer.compare(bytes.subarray(0, magicBytes.length), magicBytes) !== 0)
      throw new BatchError('BAD_MAGIC', `the first four bytes are not ${telemetryMagic}`);
    const { header, columns, bounds } = decodeRows(bytes.subarray(magicBytes.length), {
      maxRows: maxBatchRows,
      memory,
    });
    if (columns.rows === 0) throw new BatchError('BAD_HEADER', 'the batch has no row');
    return { ok: true, header: parseHeader(header), columns, bounds };
  } catch (error) {
    if (error instanceof BatchError) return { ok: false, fault: error.fault, detail: error.message };
    throw error;
  }
};

/** The same as readings: for tools and tests. */
export const decodeBatch = (bytes: Uint8Array): DecodedBatch => {
  const decoded = decodeBatchColumns(bytes);
  if (!decoded.ok) return decoded;
  return { ok: true, batch: { ...decoded.header, readings: toReadings(decoded.columns) } };
};

const parseHeader = (text: string): BatchHeader => {
  let json: unknown;
  try {
    json = JSON.parse(text);
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
