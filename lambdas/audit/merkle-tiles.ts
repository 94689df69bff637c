import { emptyRoot, foldNodes, type Node, nodeHash, rootNodes } from './merkle-tree.ts';

/** Levels of the tree in one tile, and hashes along a full tile. */
export const tileHeight = 8;
export const tileWidth = 2 ** tileHeight;
const hashBytes = 32;

/** The tile of `row` (0: leaf hashes, 1: roots of full tiles of row 0, …) that holds `width` hashes from `index` × 256 on. */
export type TileName = { readonly row: number; readonly index: number; readonly width: number };

/** Hashes one after the other, 32 bytes each; undefined where there is no such tile. A tile never changes. */
export type ReadTile = (name: TileName) => Promise<Uint8Array | undefined>;
export type Tile = { readonly name: TileName; readonly bytes: Uint8Array };

const hashAt = (bytes: Uint8Array, at: number) => bytes.subarray(at * hashBytes, (at + 1) * hashBytes);

/** How many hashes a row has in a tree of `size` leaves. */
const rowLength = (row: number, size: number) => Math.floor(size / tileWidth ** row);

const widthIn = (row: number, index: number, size: number) =>
  Math.min(tileWidth, rowLength(row, size) - index * tileWidth);

const readWhole = async (readTile: ReadTile, name: TileName) => {
  const bytes = await readTile(name);
  if (bytes?.length !== name.width * hashBytes)
    throw new Error(`Tile ${name.row}/${name.index} of ${name.width} hashes is missing or damaged`);
  return bytes;
};

/** Reads nodes of the tree of `size` leaves out of its tiles. Throws Error where a tile is missing or has a wrong length. */
export const nodeReader = (readTile: ReadTile, size: number) => {
  const seen = new Map<string, Promise<Uint8Array>>();
  const tileOf = (row: number, index: number) => {
    const key = `${row}/${index}`;
    const known = seen.get(key) ?? readWhole(readTile, { row, index, width: widthIn(row, index, size) });
    seen.set(key, known);
    return known;
  };
  return async ({ level, index }: Node): Promise<Uint8Array> => {
    const row = Math.floor(level / tileHeight);
    const span = 2 ** (level % tileHeight);
    const tile = await tileOf(row, Math.floor((index * span) / tileWidth));
    return subtree(tile, (index * span) % tileWidth, span);
  };
};

/** Root of `span` (a power of two) hashes of a tile. */
const subtree = (bytes: Uint8Array, at: number, span: number): Uint8Array =>
  span === 1
    ? hashAt(bytes, at)
    : nodeHash(subtree(bytes, at, span / 2), subtree(bytes, at + span / 2, span / 2));

/** Root of the tree of `size` leaves, from its tiles. */
export const readRoot = async (readTile: ReadTile, size: number): Promise<Uint8Array> =>
  size === 0 ? emptyRoot() : foldNodes(await Promise.all(rootNodes(size).map(nodeReader(readTile, size))));

/** Steps of a proof in the tree of `size` leaves. */
export const readProof = async (
  readTile: ReadTile,
  size: number,
  steps: readonly (readonly Node[])[],
): Promise<Uint8Array[]> => {
  const node = nodeReader(readTile, size);
  return Promise.all(steps.map(async (nodes) => foldNodes(await Promise.all(nodes.map(node)))));
};

/**
 * The tiles that a tree of `size` leaves gains with these leaf hashes, and the right edge of every row as it then is. To be
 * written before anybody is told of the new size. The same leaves always give the same tiles.
 */
export const growTiles = async (
  readTile: ReadTile,
  size: number,
  leaves: readonly Uint8Array[],
): Promise<Tile[]> => {
  const tiles: Tile[] = [];
  const grown = size + leaves.length;
  let gained: readonly Uint8Array[] = leaves;
  for (let row = 0; gained.length > 0; row++) {
    const from = rowLength(row, size);
    const index = Math.floor(from / tileWidth);
    const edge = from % tileWidth;
    const before = edge === 0 ? new Uint8Array() : await readWhole(readTile, { row, index, width: edge });
    const hashes = Buffer.concat([before, ...gained]);
    const full: Uint8Array[] = [];
    for (let at = 0; at * hashBytes < hashes.length; at += tileWidth) {
      const bytes = hashes.subarray(at * hashBytes, (at + tileWidth) * hashBytes);
      const name = { row, index: index + at / tileWidth, width: bytes.length / hashBytes };
      tiles.push({ name, bytes });
      if (name.width === tileWidth) full.push(subtree(bytes, 0, tileWidth));
    }
    gained = full;
    if (rowLength(row + 1, grown) === 0) break;
  }
  return tiles;
};
