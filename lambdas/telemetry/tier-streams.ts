import type { BlockPrefix, BlockStore, ByteRange, StoredBytes } from './block-store.ts';
import { decodeSegment, type SegmentPiece, segmentCutter, segmentOf, toSegment } from './segments.ts';
import type { Part, TierBlock } from './tier-repository.ts';
import {
  emptyTable,
  type Keep,
  type MergeRules,
  mergeTables,
  placeOf,
  sliceMiners,
  type TierTable,
} from './tier-table.ts';

/** What is read of a block: its raw rows or its content, some columns, and how far its keys lie after those of the result. */
export type Source = {
  readonly block: Pick<TierBlock, 'objects'>;
  readonly parts: readonly Part[];
  readonly only?: ReadonlySet<string> | undefined;
  readonly shift: number;
};

const shifted = (table: TierTable, key: string, by: number): TierTable => {
  const column = by === 0 ? undefined : table.columns.get(key)?.slice();
  if (!column) return table;
  for (let at = 0; at < column.length; at++) column[at] = (column[at] as number) + by;
  return { ...table, columns: new Map(table.columns).set(key, column) };
};

/** A block's segments one after the other. Holds the bytes of one part. */
export const streamBlock = async function* (
  blocks: BlockStore,
  { block, parts, only, shift }: Source,
  key: string,
): AsyncGenerator<TierTable> {
  for (const { object, offset, segments } of parts) {
    const stored = block.objects[object];
    if (!stored) throw new RangeError('A part of a block names an object that it does not have');
    const length = segments.reduce((sum, { bytes }) => sum + bytes, 0);
    const packed = await blocks.get(stored, { start: offset, end: offset + length });
    let start = 0;
    for (const { bytes } of segments) {
      yield shifted(decodeSegment(packed.subarray(start, start + bytes), only), key, shift);
      start += bytes;
    }
  }
};

/** Merges blocks miner by miner, holding about one segment of each. `keep` is asked by the source's place. */
export const mergeSources = (
  blocks: BlockStore,
  sources: readonly Source[],
  rules: MergeRules,
  keep?: Keep,
): AsyncGenerator<TierTable> =>
  mergeStreams(
    sources.map((source) => streamBlock(blocks, source, rules.key)),
    rules,
    keep,
  );

/**
 * Merges streams of tables, each in the order of its miners, into one. Yields tables one after the other in the order of
 * their miners.
 */
export const mergeStreams = async function* (
  streams: readonly AsyncGenerator<TierTable>[],
  rules: MergeRules,
  keep?: Keep,
): AsyncGenerator<TierTable> {
  const nextOf = async (index: number): Promise<TierTable | undefined> => {
    for (;;) {
      const next = await streams[index]?.next();
      if (!next || next.done) return undefined;
      if (next.value.rows > 0) return next.value;
    }
  };
  const held = await Promise.all(streams.map((_, index) => nextOf(index)));
  const ahead = await Promise.all(streams.map((_, index) => nextOf(index)));
  for (;;) {
    let bound: string | undefined;
    for (const table of ahead) {
      const first = table?.minerIds[0];
      if (first !== undefined && (bound === undefined || first < bound)) bound = first;
    }
    const taken = held.map((table) => {
      if (!table) return emptyTable;
      return sliceMiners(
        table,
        0,
        bound === undefined ? table.minerIds.length : placeOf(table.minerIds, bound),
      );
    });
    const { table: merged } = mergeTables(taken, rules, keep);
    if (merged.rows > 0) yield merged;
    if (bound === undefined) return;
    for (const [index, table] of held.entries()) {
      const used = taken[index]?.minerIds.length ?? 0;
      if (table && used < table.minerIds.length) {
        held[index] = sliceMiners(table, used, table.minerIds.length);
        continue;
      }
      held[index] = ahead[index];
      ahead[index] = ahead[index] && (await nextOf(index));
    }
  }
};

/** Where one miner's rows lie in a block, if it can have any. */
export const placeOfMiner = (
  { objects }: Pick<TierBlock, 'objects'>,
  parts: readonly Part[],
  minerId: string,
): { readonly stored: StoredBytes; readonly range: ByteRange } | undefined => {
  const part = parts.findLast(({ segments }) => (segments[0]?.first ?? minerId) <= minerId);
  const range = part && segmentOf(part.segments, minerId);
  const stored = part && objects[part.object];
  return (
    range && stored && { stored, range: { start: part.offset + range.start, end: part.offset + range.end } }
  );
};

/** One miner's rows of a table. */
export const rowsOfMiner = (table: TierTable, minerId: string): TierTable => {
  const place = placeOf(table.minerIds, minerId);
  return table.minerIds[place] === minerId ? sliceMiners(table, place, place + 1) : emptyTable;
};

/** One miner's rows of a block: one ranged GET. */
export const readMinerOf = async (
  blocks: BlockStore,
  { block, parts, only, shift }: Source,
  key: string,
  minerId: string,
): Promise<TierTable> => {
  const place = placeOfMiner(block, parts, minerId);
  if (!place) return emptyTable;
  const segment = decodeSegment(await blocks.get(place.stored, place.range), only);
  return shifted(rowsOfMiner(segment, minerId), key, shift);
};

/** A larger block lies in several objects, so that whoever writes or reads it holds one of them. */
const maxPartBytes = 8 * 1024 * 1024;

export type Written = { readonly objects: readonly StoredBytes[]; readonly parts: readonly Part[] };

/** Writes tables that come in the order of their miners. What was written is gone again when one of them fails to come. */
export const writeParts = async (
  blocks: BlockStore,
  { prefix, name, leastRows }: { prefix: BlockPrefix; name: string; leastRows: number },
  tables: AsyncIterable<TierTable>,
): Promise<Written> => {
  const cutter = segmentCutter(leastRows);
  const objects: StoredBytes[] = [];
  const parts: Part[] = [];
  let pieces: SegmentPiece[] = [];
  let held = 0;
  const flush = async () => {
    if (pieces.length === 0) return;
    parts.push({ object: objects.length, offset: 0, segments: pieces.map(toSegment) });
    const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
    [pieces, held] = [[], 0];
    objects.push(await blocks.put(prefix, name, bytes));
  };
  const take = async (more: readonly SegmentPiece[]) => {
    for (const piece of more) {
      if (held + piece.bytes.length > maxPartBytes) await flush();
      pieces.push(piece);
      held += piece.bytes.length;
    }
  };
  try {
    for await (const table of tables) await take(cutter.add(table));
    await take(cutter.rest());
    await flush();
    return { objects, parts };
  } catch (error) {
    await Promise.all(objects.map(blocks.remove));
    throw error;
  }
};
