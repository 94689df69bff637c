import type { Clock } from '../shared/clock.ts';
import { type ChainHead, type ChainLink, type ChainVerdict, checkLink, emptyHead } from './audit-chain.ts';
import { type Checkpoint, checkpointText, type StoredCheckpoint, signedCheckpoint } from './checkpoint.ts';
import { edgeAfter, type ReadFullTile, tilesOf } from './log-tiles.ts';
import { provesConsistency } from './merkle-proof.ts';
import { growTiles, readProof, readRoot, type Tile, tileWidth } from './merkle-tiles.ts';
import { consistencySteps, leafHash } from './merkle-tree.ts';

export type ExtendDeps = {
  readonly readHead: (siteId: number) => Promise<ChainHead>;
  readonly readLinks: (
    siteId: number,
    firstSeq: number,
    lastSeq: number,
  ) => AsyncIterable<ChainLink | undefined>;
  readonly readLatest: (siteId: number) => Promise<StoredCheckpoint | undefined>;
  /** The root that a note states; undefined when its signature does not fit. */
  readonly openNote: (note: string) => Promise<Checkpoint | undefined>;
  readonly readFullTile: ReadFullTile;
  readonly writeFullTile: (siteId: number, tile: Tile) => Promise<void>;
  readonly sign: (
    text: string,
  ) => Promise<{ readonly signature: Uint8Array; readonly publicKey: Uint8Array }>;
  /** False when another run has recorded this size or a greater one. */
  readonly record: (siteId: number, checkpoint: StoredCheckpoint) => Promise<boolean>;
  readonly clock: Clock;
};

export type Extended =
  | { readonly outcome: 'current' | 'extended' | 'overtaken'; readonly size: number }
  | { readonly outcome: 'broken'; readonly fault: Extract<ChainVerdict, { intact: false }> | 'tree' };

/** Links that one checkpoint takes in at most, so that a long backlog is worked off in bounded steps. */
const linksAtOnce = 8_192;

/** The leaf of an event in its site's Merkle tree: its hash, which the chain binds to everything before it. */
export const leafOf = ({ event_hash }: Pick<ChainLink, 'event_hash'>) =>
  leafHash(Buffer.from(event_hash, 'hex'));

/**
 * Takes a site's new events into its Merkle tree and signs the new root. Signs nothing unless the new links continue
 * the chain and the new tree provably continues the signed one. May run twice at once or be cut off at any point: tiles are
 * the same whoever writes them, and a checkpoint counts once it is recorded.
 */
export const extendLog =
  (deps: ExtendDeps) =>
  async (siteId: number): Promise<Extended> => {
    const head = await deps.readHead(siteId);
    const latest = await deps.readLatest(siteId);
    const size = latest?.size ?? 0;
    if (head.seq <= size) return { outcome: 'current', size };
    const links: ChainLink[] = [];
    let last: ChainHead = latest ? { seq: size, event_hash: latest.event_hash } : emptyHead;
    const lastSeq = Math.min(head.seq, size + linksAtOnce);
    for await (const link of deps.readLinks(siteId, size + 1, lastSeq)) {
      const checked = checkLink(last, link);
      if ('fault' in checked || !link) return brokenAt('fault' in checked ? checked.fault : undefined);
      last = checked.head;
      links.push(link);
    }
    if (last.seq !== lastSeq)
      return {
        outcome: 'broken',
        fault: { intact: false, seq: last.seq + 1, code: 'missing', fault: 'this link is missing' },
      };
    const grown = await growTiles(
      tilesOf(deps, siteId, { size, edge: latest?.edge ?? [] }),
      size,
      links.map(leafOf),
    );
    const full = grown.filter(({ name }) => name.width === tileWidth);
    for (const tile of full) await deps.writeFullTile(siteId, tile);
    const edge = edgeAfter(latest?.edge ?? [], grown);
    const tiles = tilesOf(deps, siteId, { size: lastSeq, edge });
    const root = await readRoot(tiles, lastSeq);
    if (latest) {
      const signed = await deps.openNote(latest.note);
      const proof = await readProof(tiles, lastSeq, consistencySteps(size, lastSeq));
      if (!signed || !provesConsistency(size, lastSeq, proof, signed.root, root))
        return { outcome: 'broken', fault: 'tree' };
    }
    const checkpoint = { siteId, size: lastSeq, root };
    const { signature, publicKey } = await deps.sign(checkpointText(checkpoint));
    const recorded = await deps.record(siteId, {
      size: lastSeq,
      event_hash: last.event_hash,
      note: signedCheckpoint(checkpoint, signature, publicKey),
      at_ms: deps.clock.nowMs(),
      edge,
    });
    return { outcome: recorded ? 'extended' : 'overtaken', size: lastSeq };
  };

const brokenAt = (verdict: ChainVerdict | undefined): Extended =>
  verdict && !verdict.intact ? { outcome: 'broken', fault: verdict } : { outcome: 'broken', fault: 'tree' };
