import type { Principal } from '../../contracts/access.ts';
import type {
  AuditCheckpoint,
  AuditConsistency,
  AuditExport,
  AuditInclusion,
} from '../../contracts/api-audit.ts';
import { toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { ChainLink } from './audit-chain.ts';
import type { StoredCheckpoint } from './checkpoint.ts';
import { type ReadFullTile, tilesOf } from './log-tiles.ts';
import { readProof } from './merkle-tiles.ts';
import { consistencySteps, inclusionSteps } from './merkle-tree.ts';
import { type ReachDeps, reachChain } from './read-audit.ts';

export type ProveDeps = ReachDeps & {
  readonly readLatest: (siteId: number) => Promise<StoredCheckpoint | undefined>;
  readonly readNote: (siteId: number, size: number) => Promise<string | undefined>;
  readonly readFullTile: ReadFullTile;
  readonly readLinks: (
    siteId: number,
    firstSeq: number,
    lastSeq: number,
  ) => AsyncIterable<ChainLink | undefined>;
  /** SPKI, DER. */
  readonly readPublicKey: () => Promise<Uint8Array>;
};

const pemOf = (der: Uint8Array) =>
  `-----BEGIN PUBLIC KEY-----\n${(
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END PUBLIC KEY-----\n`;
const inHex = (proof: readonly Uint8Array[]) => proof.map((hash) => Buffer.from(hash).toString('hex'));

const reachLatest =
  (deps: ProveDeps) =>
  async (who: Principal, siteId: number): Promise<Result<StoredCheckpoint>> => {
    const reached = await reachChain(deps)(who, siteId);
    if (!reached.ok) return reached;
    const latest = await deps.readLatest(siteId);
    return latest ? succeed(latest) : fail('not_found', 'No checkpoint has been signed yet');
  };

/** The newest signed checkpoint of a site, and the key that it answers to. */
export const tellCheckpoint =
  (deps: ProveDeps) =>
  async (who: Principal, siteId: number): Promise<Result<AuditCheckpoint>> => {
    const latest = await reachLatest(deps)(who, siteId);
    if (!latest.ok) return latest;
    const { size, note, at_ms } = latest.value;
    return succeed({
      site_id: siteId,
      size,
      note,
      signed_at: toUtc(at_ms),
      public_key_pem: pemOf(await deps.readPublicKey()),
    });
  };

/** That an event stands in the newest checkpoint. */
export const proveInclusion =
  (deps: ProveDeps) =>
  async (who: Principal, siteId: number, seq: number): Promise<Result<AuditInclusion>> => {
    const latest = await reachLatest(deps)(who, siteId);
    if (!latest.ok) return latest;
    const { size, edge, note } = latest.value;
    if (seq > size) return fail('not_found', `The newest checkpoint holds ${size} events`);
    const tiles = tilesOf(deps, siteId, { size, edge });
    const proof = await readProof(tiles, size, inclusionSteps(seq - 1, size));
    return succeed({ site_id: siteId, seq, size, proof: inHex(proof), note });
  };

/** That the newest checkpoint continues an older one: nothing that stood there was changed or taken away. */
export const proveConsistency =
  (deps: ProveDeps) =>
  async (who: Principal, siteId: number, fromSize: number): Promise<Result<AuditConsistency>> => {
    const latest = await reachLatest(deps)(who, siteId);
    if (!latest.ok) return latest;
    const { size, edge, note } = latest.value;
    if (fromSize > size) return fail('not_found', `The newest checkpoint holds ${size} events`);
    const tiles = tilesOf(deps, siteId, { size, edge });
    const proof = await readProof(tiles, size, consistencySteps(fromSize, size));
    const fromNote = await deps.readNote(siteId, fromSize);
    return succeed({
      site_id: siteId,
      from_size: fromSize,
      size,
      proof: inHex(proof),
      ...(fromNote !== undefined && { from_note: fromNote }),
      note,
    });
  };

/** Events from one number on, oldest first, as `hashinsight-verify` reads them. */
export const exportEvents =
  (deps: ProveDeps) =>
  async (who: Principal, siteId: number, fromSeq: number, limit: number): Promise<Result<AuditExport>> => {
    const latest = await reachLatest(deps)(who, siteId);
    if (!latest.ok) return latest;
    const { size, note } = latest.value;
    const links: ChainLink[] = [];
    for await (const link of deps.readLinks(siteId, fromSeq, Math.min(size, fromSeq + limit - 1)))
      if (link) links.push(link);
    const lastSeq = links.at(-1)?.seq;
    return succeed({
      site_id: siteId,
      size,
      note,
      public_key_pem: pemOf(await deps.readPublicKey()),
      events: links.map(({ event, ...place }) => ({ ...event, ...place })),
      count: links.length,
      ...(lastSeq !== undefined && lastSeq < size && { next_seq: lastSeq + 1 }),
    });
  };
