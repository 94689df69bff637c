import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import * as z from 'zod';
import { Reader, Writer } from '../../contracts/batch-bytes.ts';
import { decodeTable, encodeTable } from '../../contracts/column-codec.ts';
import type { ByteRange } from './block-store.ts';
import { mergeTables, sliceMiners, type TierTable, textColumn } from './tier-table.ts';

/** A run of a block's bytes that is unpacked by itself: some whole miners, the first of them by name. */
export type Segment = { readonly first: string; readonly bytes: number };

const maxHeadBytes = 4 * 1024 * 1024;
const segmentHead = z.strictObject({
  m: z.array(z.string()).min(1),
  e: z.array(z.array(z.string())).optional(),
});

/** A head of up to this many bytes stands as it is: compressed it would be longer, and slower to read. */
const plainHeadBytes = 128;
const openBrace = '{'.charCodeAt(0);

/**
 * One segment. Bytes: varint length of the head; head (JSON: `m` miner ids, `e` sets of error codes; a long one as zstd); the table
 * (contracts/column-codec.ts), one group of rows a miner. Equal rows give equal bytes.
 */
const encodeSegment = (table: TierTable): Uint8Array => {
  const columns = new Map<string, Float64Array>();
  for (const [name, column] of [...table.columns].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    if (column.some((value) => !Number.isNaN(value))) columns.set(name, column);
  const texts = usedTexts(table, columns);
  const out = new Writer();
  writeHead(out, table.minerIds, texts);
  out.bytes(encodeTable({ rows: table.rows, groups: table.groups, columns }));
  return out.done().slice();
};

export const writeHead = (
  out: Writer,
  minerIds: readonly string[],
  texts: readonly (readonly string[])[],
) => {
  const json = Buffer.from(JSON.stringify({ m: minerIds, ...(texts.length > 0 && { e: texts }) }));
  const head = json.length > plainHeadBytes ? zstdCompressSync(json) : json;
  out.varint(head.length);
  out.bytes(head);
};

/** The texts that the rows point to, in the order of their JSON; `columns` gets the numbers that fit. */
const usedTexts = ({ texts }: TierTable, columns: Map<string, Float64Array>) => {
  const column = columns.get(textColumn);
  if (!column) return [];
  const used = [...new Set(column.filter((value) => !Number.isNaN(value)))].map((number) => {
    const text = texts[number - 1] ?? [];
    return { number, text, key: JSON.stringify(text) };
  });
  used.sort((a, b) => (a.key < b.key ? -1 : 1));
  const renumbered = new Map(used.map(({ number }, index) => [number, index + 1]));
  columns.set(
    textColumn,
    column.map((number) => renumbered.get(number) ?? Number.NaN),
  );
  return used.map(({ text }) => text);
};

const readHead = (bytes: Uint8Array) => {
  const json =
    bytes[0] === openBrace
      ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : zstdDecompressSync(bytes, { maxOutputLength: maxHeadBytes });
  return segmentHead.parse(JSON.parse(json.toString('utf8')));
};

/** Unpacks a segment; with `only`, the columns that it names. */
export const decodeSegment = (bytes: Uint8Array, only?: ReadonlySet<string>): TierTable => {
  const reader = new Reader(bytes);
  const head = readHead(reader.bytes(reader.varint()));
  const { rows, groups, columns } = decodeTable(reader.bytes(reader.left), only);
  if (groups.length !== head.m.length)
    throw new RangeError(`A segment has ${groups.length} groups of rows for ${head.m.length} miners`);
  return { rows, minerIds: head.m, groups, columns, texts: head.e ?? [] };
};

export type SegmentedBytes = { readonly bytes: Uint8Array; readonly segments: readonly Segment[] };

/** Cuts a table into segments of whole miners with at least `leastRows` rows each (the last may have fewer). */
export const encodeSegments = (table: TierTable, leastRows: number): SegmentedBytes => {
  const cut = segmentCutter(leastRows);
  const pieces = [...cut.add(table), ...cut.rest()];
  return { bytes: Buffer.concat(pieces.map(({ bytes }) => bytes)), segments: pieces.map(toSegment) };
};

export type SegmentPiece = { readonly first: string; readonly bytes: Uint8Array };
export const toSegment = ({ first, bytes }: SegmentPiece): Segment => ({ first, bytes: bytes.length });

/**
 * Cuts tables that come one after the other, in the order of their miners, into segments. Where they are cut depends on
 * the rows alone, not on how they came.
 */
export const segmentCutter = (leastRows: number) => {
  let held: TierTable | undefined;
  const pieceOf = (table: TierTable): SegmentPiece => ({
    first: table.minerIds[0] ?? '',
    bytes: encodeSegment(table),
  });
  return {
    add: (table: TierTable): SegmentPiece[] => {
      if (table.rows === 0) return [];
      const all: TierTable = held ? appendTables(held, table) : table;
      const pieces: SegmentPiece[] = [];
      let from = 0;
      for (let miner = 1; miner <= all.minerIds.length; miner++) {
        const rows = (all.groups[miner] ?? all.rows) - (all.groups[from] ?? 0);
        if (rows < leastRows) continue;
        pieces.push(pieceOf(sliceMiners(all, from, miner)));
        from = miner;
      }
      held = from < all.minerIds.length ? sliceMiners(all, from, all.minerIds.length) : undefined;
      return pieces;
    },
    rest: (): SegmentPiece[] => {
      const last = held;
      held = undefined;
      return last ? [pieceOf(last)] : [];
    },
  };
};

/** Two tables of which the second has only later miners. */
const appendTables = (a: TierTable, b: TierTable): TierTable => {
  const seen = [...a.columns.keys()];
  const names = [...seen, ...[...b.columns.keys()].filter((name) => !a.columns.has(name))];
  return mergeTables([a, b], { key: '', names }).table;
};

/** Where a miner's segment lies, if the block can have the miner; offsets count from the first segment. */
export const segmentOf = (segments: readonly Segment[], minerId: string): ByteRange | undefined => {
  let start = 0;
  let found: ByteRange | undefined;
  for (const { first, bytes } of segments) {
    if (first > minerId) break;
    found = { start, end: start + bytes };
    start += bytes;
  }
  return found;
};
