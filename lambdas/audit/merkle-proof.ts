import { nodeHash } from './merkle-tree.ts';

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

/**
 * Does this proof put a leaf with this hash at `index` of the tree with this root? (RFC 9162 §2.1.3.2.) Knows nothing of
 * how proofs are made.
 */
export const provesInclusion = (
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean => {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return false;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const step of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(step, hash);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = Math.floor(last / 2);
      }
    } else hash = nodeHash(hash, step);
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && same(hash, root);
};

/** Does this proof show that the tree of `size` begins with exactly the leaves of the one of `old`? (RFC 9162 §2.1.4.2.) */
export const provesConsistency = (
  old: number,
  size: number,
  proof: readonly Uint8Array[],
  oldRoot: Uint8Array,
  root: Uint8Array,
): boolean => {
  if (!Number.isSafeInteger(old) || old < 1 || old > size) return false;
  if (old === size) return proof.length === 0 && same(oldRoot, root);
  const isPowerOfTwo = Number.isInteger(Math.log2(old)) && 2 ** Math.round(Math.log2(old)) === old;
  const [first, ...steps] = isPowerOfTwo ? [oldRoot, ...proof] : proof;
  if (!first) return false;
  let at = old - 1;
  let last = size - 1;
  while (at % 2 === 1) {
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  let older = first;
  let newer = first;
  for (const step of steps) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      older = nodeHash(step, older);
      newer = nodeHash(step, newer);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = Math.floor(last / 2);
      }
    } else newer = nodeHash(newer, step);
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && same(older, oldRoot) && same(newer, root);
};
