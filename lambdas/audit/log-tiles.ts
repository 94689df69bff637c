import { type ReadTile, type Tile, type TileName, tileWidth } from './merkle-tiles.ts';

export type ReadFullTile = (
  siteId: number,
  name: Pick<TileName, 'row' | 'index'>,
) => Promise<Uint8Array | undefined>;
/** A tree's size and its right edge. */
export type LogShape = { readonly size: number; readonly edge: readonly Uint8Array[] };
const hashBytes = 32;

/**
 * A site's tiles, at its newest checkpoint's size or any before: full ones are stored each, the rest is the edge that the
 * checkpoint carries. A tile that was narrower in an older tree is the beginning of what it is now.
 */
export const tilesOf =
  (
    { readFullTile }: { readonly readFullTile: ReadFullTile },
    siteId: number,
    { size, edge }: LogShape,
  ): ReadTile =>
  async ({ row, index, width }) => {
    const isFull = (index + 1) * tileWidth ** (row + 1) <= size;
    const bytes = isFull ? await readFullTile(siteId, { row, index }) : edge[row];
    return bytes && bytes.length >= width * hashBytes ? bytes.subarray(0, width * hashBytes) : undefined;
  };

/** The right edge of every row after these tiles were added. */
export const edgeAfter = (before: readonly Uint8Array[], grown: readonly Tile[]): Uint8Array[] => {
  const edge = [...before];
  for (const { name, bytes } of grown) edge[name.row] = name.width === tileWidth ? new Uint8Array() : bytes;
  return edge;
};
