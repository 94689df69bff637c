import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type BatchFault, Reader, Writer } from '../../contracts/batch-bytes.ts';
import { telemetryMagic } from '../../contracts/telemetry-batch.ts';

const bytesOf = (text: string) => Buffer.from(text, 'utf8');
/** A batch taken apart, and put together again with a right checksum. */
const partsOf = (batch: Uint8Array) => {
  const reader = new Reader(batch.subarray(8));
  const frame = reader.bytes(reader.varint());
  return { inner: zstdDecompressSync(frame), numbers: Buffer.from(reader.rest()) };
};
const sealed = (frame: Uint8Array, numbers: Uint8Array) => {
  const length = new Writer();
  length.varint(frame.length);
  const content = Buffer.concat([length.done(), frame, numbers]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(content));
  return Buffer.concat([bytesOf(telemetryMagic), sum, content]);
};
const pack = (inner: Uint8Array, numbers: Uint8Array = Buffer.alloc(0)) =>
  sealed(zstdCompressSync(inner), numbers);
const swap = (table: Buffer, text: string, by: string) => {
  table.write(by, table.indexOf(text), 'latin1');
  return table;
};
/** The batch with another header, of the same length or not. */
const withHeader = (batch: Uint8Array, change: (header: string) => string) => {
  const { inner, numbers } = partsOf(batch);
  const reader = new Reader(inner);
  const head = new Writer();
  head.text(change(reader.text()));
  return pack(Buffer.concat([head.done(), reader.rest()]), numbers);
};
/** The batch with other bytes behind its header: the miners' ids, the error sets, the table. */
const withTable = (batch: Uint8Array, change: (table: Buffer) => Uint8Array) => {
  const { inner, numbers } = partsOf(batch);
  const reader = new Reader(inner);
  const head = new Writer();
  head.text(reader.text());
  return pack(Buffer.concat([head.done(), change(Buffer.from(reader.rest()))]), numbers);
};

export type DamagedBatch = readonly [name: string, bytes: Uint8Array, fault: string];

/** What is wrong in as many ways as a decoder can tell; `good` is a batch of one reading of the hashrate of the miner `x-1`. */
export const damagedBatches = (
  good: Uint8Array,
): (DamagedBatch & readonly [string, Uint8Array, BatchFault])[] => {
  const { inner, numbers } = partsOf(good);
  return [
    ['nothing', Buffer.alloc(0), 'BAD_MAGIC'],
    ['a text', bytesOf('hello'), 'BAD_MAGIC'],
    ['another format', Buffer.concat([bytesOf('HIT1'), good.subarray(4)]), 'BAD_MAGIC'],
    ['the magic alone', bytesOf(telemetryMagic), 'BAD_COMPRESSION'],
    ['garbage after the magic', bytesOf(`${telemetryMagic}garbage`), 'BAD_COMPRESSION'],
    ['half a batch', good.subarray(0, Math.floor(good.length / 2)), 'BAD_COMPRESSION'],
    ['a frame that is none', sealed(bytesOf('no frame'), numbers), 'BAD_COMPRESSION'],
    ['a frame that inflates to 20 MB', pack(Buffer.alloc(20 * 1024 * 1024)), 'BAD_COMPRESSION'],
    ['half a content', pack(inner.subarray(0, -3), numbers), 'TRUNCATED'],
    ['half a header', pack(inner.subarray(0, 20), numbers), 'TRUNCATED'],
    ['bytes after the end', pack(Buffer.concat([inner, bytesOf('xx')]), numbers), 'TRAILING_BYTES'],
    ['numbers after the end', pack(inner, Buffer.concat([numbers, bytesOf('xx')])), 'TRAILING_BYTES'],
    ['a header that is not JSON', withHeader(good, (header) => header.replace('{', '[')), 'BAD_HEADER'],
    ['an unknown field', withHeader(good, (header) => header.replace('{', '{"x":1,')), 'BAD_HEADER'],
    ['no miner', withTable(good, (table) => table.fill(0, 0, 1)), 'BAD_HEADER'],
    ['a miner id that is none', withTable(good, (table) => swap(table, 'x-1', 'x/1')), 'BAD_HEADER'],
    [
      'a column that is no field',
      withTable(good, (table) => swap(table, 'hashrate', 'hushrate')),
      'BAD_HEADER',
    ],
  ];
};
