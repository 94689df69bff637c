import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { provesConsistency, provesInclusion } from './merkle-proof.ts';
import { growTiles, type ReadTile, readProof, readRoot, type TileName } from './merkle-tiles.ts';
import { consistencySteps, emptyRoot, inclusionSteps, leafHash, nodeHash } from './merkle-tree.ts';

/** RFC 6962 §2.1, word for word and as slow as it stands there. */
const slowRoot = (leaves: readonly Uint8Array[]): Uint8Array => {
  const [only] = leaves;
  if (!only) return emptyRoot();
  if (leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(slowRoot(leaves.slice(0, split)), slowRoot(leaves.slice(split)));
};
const leavesUpTo = (size: number) => Array.from({ length: size }, (_, at) => leafHash(Buffer.from(`${at}`)));

const shelf = () => {
  const tiles = new Map<string, Uint8Array>();
  const key = ({ row, index, width }: TileName) => `${row}/${index}/${width}`;
  const read: ReadTile = async (name) => tiles.get(key(name));
  return {
    tiles,
    read,
    grow: async (size: number, leaves: readonly Uint8Array[]) => {
      for (const { name, bytes } of await growTiles(read, size, leaves)) tiles.set(key(name), bytes);
    },
  };
};
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('hashes what Certificate Transparency hashes', async () => {
  // Leaves and roots of the reference tree that the Certificate Transparency project tests its own code with.
  const inputs = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ];
  const leaves = inputs.map((text) => leafHash(Buffer.from(text, 'hex')));
  const { read, grow } = shelf();
  await grow(0, leaves);
  expect(hex(emptyRoot())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(hex(slowRoot(leaves.slice(0, 1)))).toBe(
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  );
  expect(hex(await readRoot(read, 8))).toBe(
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  );
});

test('grows by any steps to the same tiles, whose root is that of RFC 6962', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 6 }),
      async (steps) => {
        const { read, grow } = shelf();
        let size = 0;
        for (const step of steps) {
          const leaves = leavesUpTo(size + step);
          await grow(size, leaves.slice(size));
          size += step;
          expect(hex(await readRoot(read, size))).toBe(hex(slowRoot(leaves)));
        }
      },
    ),
    { numRuns: 40 },
  );
});

const sizes = [1, 2, 3, 7, 8, 255, 256, 257, 600];
test('proves every leaf, and only where it is', async () => {
  for (const size of sizes) {
    const leaves = leavesUpTo(size);
    const { read, grow } = shelf();
    await grow(0, leaves);
    const root = await readRoot(read, size);
    const step = Math.max(1, Math.floor(size / 40));
    for (let index = 0; index < size; index += step) {
      const proof = await readProof(read, size, inclusionSteps(index, size));
      const leaf = leaves[index] ?? emptyRoot();
      expect(provesInclusion(leaf, index, size, proof, root)).toBe(true);
      expect(provesInclusion(leafHash(Buffer.from('other')), index, size, proof, root)).toBe(false);
      if (size > 1) expect(provesInclusion(leaf, (index + 1) % size, size, proof, root)).toBe(false);
      expect(provesInclusion(leaf, index, size, [...proof, root], root)).toBe(false);
      if (proof.length > 0) expect(provesInclusion(leaf, index, size, proof.slice(1), root)).toBe(false);
    }
  }
});

test('proves that a tree continues another, and refuses every altered proof', async () => {
  const size = 700;
  const leaves = leavesUpTo(size);
  const { read, grow } = shelf();
  const roots = new Map<number, Uint8Array>();
  let before = 0;
  for (const next of [1, 2, 3, 64, 100, 255, 256, 257, 512, 699, size]) {
    await grow(before, leaves.slice(before, next));
    roots.set(next, await readRoot(read, next));
    before = next;
  }
  for (const [old, oldRoot] of roots)
    for (const [grown, root] of roots) {
      if (grown < old) continue;
      const proof = await readProof(read, grown, consistencySteps(old, grown));
      expect(provesConsistency(old, grown, proof, oldRoot, root)).toBe(true);
      expect(provesConsistency(old, grown, [...proof, root], oldRoot, root)).toBe(false);
      if (old === grown) continue;
      expect(provesConsistency(old, grown, proof, root, oldRoot)).toBe(false);
      proof.forEach((_, at) => {
        const bent = proof.map((hash, index) =>
          index === at ? Buffer.from(hash).fill((hash[0] ?? 0) ^ 1, 0, 1) : hash,
        );
        expect(provesConsistency(old, grown, bent, oldRoot, root)).toBe(false);
      });
    }
});
