import type { CommandEnvelope, CommandResponse } from '../../contracts/command.ts';
import { startTables } from '../../test/support/tables.ts';
import { readHead, walkLinks } from '../audit/audit-repository.ts';
import { verifySite } from '../audit/verify-site.ts';
import { listApproved } from './command-lists.ts';
import * as repository from './command-repository.ts';
import { moveCommand, noteLateAnswer, readCommand } from './command-repository.ts';
import { commandsByDue, commandsByStatus } from './control-keys.ts';
import { type DispatchDeps, dispatchCommands } from './dispatch-command.ts';
import { allocate, markPublished, readLane } from './lane-repository.ts';
import { readPolicy } from './policy-repository.ts';
import { type CommandProposal, proposeCommand } from './propose-command.ts';
import { recordResponse } from './record-response.ts';

export const siteId = 1;
export const startMs = 1_800_000_000_000;

/** Control's use cases over real tables, with a clock to set and a broker that remembers what it was handed. */
export const startControl = async () => {
  const tables = await startTables([
    {
      name: 'Control',
      indexes: [
        { name: commandsByStatus, pk: 'status_pk', sk: 'sk' },
        { name: commandsByDue, pk: 'due_pk', sk: 'due_sk' },
      ],
    },
    { name: 'Audit', stream: true },
  ]);
  const now = { ms: startMs };
  const clock = { nowMs: () => now.ms };
  const store = {
    db: tables.db,
    controlTable: tables.nameOf('Control'),
    auditTable: tables.nameOf('Audit'),
    clock,
  };
  const published: CommandEnvelope[] = [];
  const dispatchDeps: DispatchDeps = {
    readCommands: repository.readCommands(store),
    readLane: readLane(store),
    allocate: allocate(store),
    markPublished: markPublished(store),
    openGatewaySecret: async () => ({ keyId: 'k-1', secret: Buffer.alloc(32, 7) }),
    listApproved: listApproved(store),
    publish: async (envelopes) => void published.push(...envelopes),
    wait: async () => {},
    clock,
  };
  const propose = proposeCommand({
    findMiner: async (_, minerId) =>
      minerId.startsWith('gw') ? { gatewayId: minerId.split('_')[0] ?? '' } : undefined,
    insertCommand: repository.insertCommand(store),
    findByDedupeKey: repository.findByDedupeKey(store),
    readPolicy: readPolicy(store),
    clock,
  });
  const expiring = { readCommand: readCommand(store), moveCommand: moveCommand(store), clock };
  const answer = recordResponse({ ...expiring, noteLateAnswer: noteLateAnswer(store) });
  return {
    ...tables,
    store,
    now,
    published,
    dispatchDeps,
    propose,
    expiring,
    /** An answer as it arrives from the gateway named. */
    answer: (response: CommandResponse) => answer({ siteId, gatewayId: response.gatewayId, response }),
    read: (commandId: string) => readCommand(store)(siteId, commandId),
    events: async () => {
      const types: string[] = [];
      for await (const link of walkLinks(store)(siteId, 999_999)) types.push(link?.event.type ?? 'malformed');
      return types;
    },
    /** Every event of the site: what, about what, by whom. */
    story: async () => {
      const told: { readonly type: string; readonly ref: string; readonly actor: string }[] = [];
      for await (const link of walkLinks(store)(siteId, 999_999))
        if (link) told.push({ type: link.event.type, ref: link.event.ref_id, actor: link.event.actor_id });
      return told;
    },
    verifyAudit: verifySite({ readHead: readHead(store), walkLinks: walkLinks(store) }),
  };
};
export type TestControl = Awaited<ReturnType<typeof startControl>>;

/** Sends one command as its event's handler does. */
export const dispatchOne = (deps: DispatchDeps) => (site: number, commandId: string) =>
  dispatchCommands(deps)(site, [commandId]);

export const proposal = (minerId: string, changes: Partial<CommandProposal> = {}): CommandProposal => ({
  siteId,
  tenantId: 'tenant-1',
  minerId,
  order: { type: 'MINER_RESTART', params: {} },
  priority: 5,
  requestedBy: 'ai:advisor',
  approvals: ['user:5'],
  correlationId: 'alert-1',
  recommendationId: 'rec-1',
  expiresAtMs: startMs + 60_000,
  ...changes,
});
