import { createHash } from 'node:crypto';

/** Hash of a leaf (RFC 6962 §2.1): SHA-256 of 0x00 and its data. */
export const leafHash = (data: Uint8Array): Buffer =>
  createHash('sha256').update(Uint8Array.of(0)).update(data).digest();

/** Hash of an inner node: SHA-256 of 0x01 and its two children. */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer =>
  createHash('sha256').update(Uint8Array.of(1)).update(left).update(right).digest();

/** Root of the tree without leaves. */
export const emptyRoot = (): Buffer => createHash('sha256').digest();

/**
 * The complete subtree over leaves [index × 2^level, (index + 1) × 2^level): a node that never changes once its last leaf
 * is there. Every proof and root is made of such nodes.
 */
export type Node = { readonly level: number; readonly index: number };

/** The complete subtrees that leaves [start, end) are made of, from left to right, for a start that is a multiple of their spans. */
const peaks = (start: number, end: number): Node[] => {
  const found: Node[] = [];
  let at = start;
  while (at < end) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= end) level++;
    found.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return found;
};

/** The nodes of which the root of a tree of `size` leaves is made. */
export const rootNodes = (size: number): Node[] => peaks(0, size);

/** Root, or hash of a right edge, from its complete subtrees. Throws RangeError when there is none. */
export const foldNodes = (hashes: readonly Uint8Array[]): Uint8Array => {
  const [last, ...before] = hashes.toReversed();
  if (!last) throw new RangeError('a tree needs a node');
  return before.reduce((right, left) => nodeHash(left, right), last);
};

/** Largest power of two below `size`, where RFC 6962 splits a tree of more than one leaf. */
const splitOf = (size: number) => {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
};

/** A proof as ranges of leaves: each range's hash is one step. */
type Range = { readonly start: number; readonly end: number };

const inclusionRanges = (leaf: number, start: number, end: number): Range[] => {
  if (end - start === 1) return [];
  const middle = start + splitOf(end - start);
  return leaf < middle
    ? [...inclusionRanges(leaf, start, middle), { start: middle, end }]
    : [...inclusionRanges(leaf, middle, end), { start, end: middle }];
};

const consistencyRanges = (old: number, start: number, end: number, isWhole: boolean): Range[] => {
  if (old === end) return isWhole ? [] : [{ start, end }];
  const middle = start + splitOf(end - start);
  return old <= middle
    ? [...consistencyRanges(old, start, middle, isWhole), { start: middle, end }]
    : [...consistencyRanges(old, middle, end, false), { start, end: middle }];
};

/** Which nodes make each step of the proof that leaf `index` is in the tree of `size` (RFC 6962 §2.1.1). */
export const inclusionSteps = (index: number, size: number): Node[][] => {
  if (!(index >= 0 && index < size)) throw new RangeError('no such leaf in a tree of this size');
  return inclusionRanges(index, 0, size).map(({ start, end }) => peaks(start, end));
};

/** Which nodes make each step of the proof that the tree of `size` continues the one of `old` leaves (RFC 6962 §2.1.2). */
export const consistencySteps = (old: number, size: number): Node[][] => {
  if (!(old >= 1 && old <= size)) throw new RangeError('the older tree has 1 to `size` leaves');
  return consistencyRanges(old, 0, size, true).map(({ start, end }) => peaks(start, end));
};
