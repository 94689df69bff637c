import { generateKeyPairSync, sign } from 'node:crypto';
import type { DomainEvent } from '../../contracts/domain-event.ts';
import { type ChainLink, emptyHead, link } from './audit-chain.ts';
import { openCheckpoint, type StoredCheckpoint } from './checkpoint.ts';
import { extendLog } from './extend-log.ts';
import type { ProveDeps } from './prove-log.ts';

const event = (index: number): DomainEvent => ({
  version: 1,
  event_id: `evt_${String(index).padStart(24, '0')}`,
  tenant_id: 'tenant-1',
  site_id: 1,
  actor_type: 'user',
  actor_id: '7',
  type: 'control.command.denied',
  ref_type: 'command',
  ref_id: `cmd-${index}`,
  payload: { command_id: `cmd-${index}` },
  created_at: '2026-01-27T10:30:00.000Z',
});
/** Somebody who may read it. */
export const who = {
  name: 'Olivia',
  tenantId: 'tenant-1',
  userId: 1,
  role: 'owner',
  siteIds: 'all',
} as const;

/** For tests and benches: site 1's log in memory, with a key of its own. */
export const aLog = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const links: ChainLink[] = [];
  const tiles = new Map<string, Uint8Array>();
  const notes = new Map<number, string>();
  let latest: StoredCheckpoint | undefined;
  const headNow = () => links.at(-1) ?? emptyHead;
  const shared = {
    readHead: async () => ({ ...headNow(), tenant_id: 'tenant-1' }),
    readLatest: async () => latest,
    readFullTile: async (_: number, { row, index }: { row: number; index: number }) =>
      tiles.get(`${row}/${index}`),
    readLinks: async function* (_: number, first: number, last: number) {
      yield* links.slice(first - 1, last);
    },
  };
  const prove: ProveDeps = {
    ...shared,
    readNote: async (_, size) => notes.get(size),
    readPublicKey: async () => der,
  };
  const extend = extendLog({
    ...shared,
    openNote: async (note) => {
      const opened = openCheckpoint(note, der);
      return opened.ok ? opened.checkpoint : undefined;
    },
    writeFullTile: async (_, { name, bytes }) => void tiles.set(`${name.row}/${name.index}`, bytes),
    sign: async (text) => ({ signature: sign('sha256', Buffer.from(text), privateKey), publicKey: der }),
    record: async (_, checkpoint) => {
      if (latest && latest.size >= checkpoint.size) return false;
      latest = checkpoint;
      notes.set(checkpoint.size, checkpoint.note);
      return true;
    },
    clock: { nowMs: () => 0 },
  });
  return {
    links,
    latest: () => latest,
    prove,
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    grow: (count: number) =>
      links.push(
        ...link(
          headNow(),
          Array.from({ length: count }, (_, at) => event(links.length + at)),
        ),
      ),
    extend: () => extend(1),
  };
};
