import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { provesConsistency, provesInclusion } from '../../lambdas/audit/merkle-proof.ts';
import { growTiles, type ReadTile, readProof, readRoot } from '../../lambdas/audit/merkle-tiles.ts';
import { consistencySteps, inclusionSteps, leafHash } from '../../lambdas/audit/merkle-tree.ts';
import type { Watcher } from '../bench.ts';
import { quantile } from '../quantiles.ts';
import type { Row } from '../table.ts';

/** Leaves that one checkpoint takes in at most, as lambdas/audit/extend-log.ts does. */
const leavesAtOnce = 8_192;

/** A tree of so many leaves, as its tiles in memory. */
const growTree = async (leaves: number, { progress }: Watcher) => {
  const tiles = new Map<string, Uint8Array>();
  const read: ReadTile = async ({ row, index, width }) =>
    tiles.get(`${row}/${index}`)?.subarray(0, width * 32);
  for (let size = 0; size < leaves; ) {
    const more = Array.from({ length: Math.min(leavesAtOnce, leaves - size) }, () =>
      leafHash(randomBytes(32)),
    );
    for (const { name, bytes } of await growTiles(read, size, more))
      tiles.set(`${name.row}/${name.index}`, bytes);
    size += more.length;
    progress(size, leaves, 'leaves of the tree');
  }
  return { read, stored: [...tiles.values()].reduce((sum, { length }) => sum + length, 0) };
};

const timed = async <T>(times: number[], work: () => T | Promise<T>): Promise<T> => {
  const from = performance.now();
  const done = await work();
  times.push(performance.now() - from);
  return done;
};

/** Proofs out of a log of so many events: how long they are, how long they take to make and to check. */
export const proofs = async (leaves: number, tries: number, watcher: Watcher) => {
  const { read, stored } = await growTree(leaves, watcher);
  const root = await readRoot(read, leaves);
  const kinds = {
    inclusion: { made: [] as number[], checked: [] as number[], bytes: [] as number[] },
    consistency: { made: [] as number[], checked: [] as number[], bytes: [] as number[] },
  };
  for (let done = 0; done < tries; done++) {
    const index = Math.floor(Math.random() * leaves);
    const leaf = (await read({ row: 0, index: Math.floor(index / 256), width: (index % 256) + 1 }))?.subarray(
      -32,
    );
    if (!leaf) throw new Error('The tree lacks a tile');
    const { inclusion, consistency } = kinds;
    const inside = await timed(inclusion.made, () => readProof(read, leaves, inclusionSteps(index, leaves)));
    if (!(await timed(inclusion.checked, () => provesInclusion(leaf, index, leaves, inside, root))))
      throw new Error(`The proof of leaf ${index} does not hold`);
    inclusion.bytes.push(inside.length * 32);
    const old = index + 1;
    const oldRoot = await readRoot(read, old);
    const onward = await timed(consistency.made, () =>
      readProof(read, leaves, consistencySteps(old, leaves)),
    );
    if (!(await timed(consistency.checked, () => provesConsistency(old, leaves, onward, oldRoot, root))))
      throw new Error(`The proof from ${old} leaves on does not hold`);
    consistency.bytes.push(onward.length * 32);
    watcher.progress(done + 1, tries, 'proofs');
  }
  const figures = Object.entries(kinds).map(([proof, { made, checked, bytes }]) => ({
    proof,
    bytesMax: Math.max(...bytes),
    madeP50Ms: quantile(made, 0.5),
    madeP99Ms: quantile(made, 0.99),
    checkedP50Ms: quantile(checked, 0.5),
    checkedP99Ms: quantile(checked, 0.99),
  }));
  const rows: Row[] = figures.map((one) => ({
    proof: `${one.proof}, ${leaves.toLocaleString('en-US')} events`,
    'bytes at most': one.bytesMax,
    'made, p50 / p99 ms': `${one.madeP50Ms.toFixed(2)} / ${one.madeP99Ms.toFixed(2)}`,
    'checked, p50 / p99 ms': `${one.checkedP50Ms.toFixed(3)} / ${one.checkedP99Ms.toFixed(3)}`,
  }));
  return { rows, figures: { leaves, tries, tileBytes: stored, proofs: figures } };
};
