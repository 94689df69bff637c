import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Policy } from '../../contracts/api-control.ts';
import { commandTiers, type MinerOrderType, minerOrder } from '../../contracts/command.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { epochMs, minerId, siteId, tenantId } from '../../contracts/identifiers.ts';
import type { Clock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { CommandRecord } from './command.ts';
import { actorOf, commandEvent } from './command-events.ts';
import type { Inserted } from './command-repository.ts';
import type { StoredPolicy } from './policy.ts';

/** Who asked or approved: `user:5`, `rule:2`, `ai:advisor`. */
const party = z.string().regex(/^(user|rule|ai|system):[A-Za-z0-9._-]{1,50}$/);

export const commandProposal = z.strictObject({
  siteId,
  tenantId,
  minerId,
  order: minerOrder,
  priority: z.int().min(1).max(10),
  requestedBy: party,
  approvals: z.array(party).min(1).max(8),
  /** The alert or incident whose loop this belongs to. */
  correlationId: z.string().min(1).max(128),
  recommendationId: z.string().min(1).max(63),
  expiresAtMs: epochMs,
});
export type CommandProposal = z.input<typeof commandProposal>;

export type ProposeDeps = {
  readonly findMiner: (
    siteId: number,
    minerId: string,
  ) => Promise<{ readonly gatewayId: string; readonly retired?: boolean | undefined } | undefined>;
  readonly insertCommand: (command: CommandRecord, events: readonly NewDomainEvent[]) => Promise<Inserted>;
  readonly findByDedupeKey: (
    siteId: number,
    dedupeKey: string,
  ) => Promise<{ readonly command: CommandRecord } | undefined>;
  /** What the site itself demands for this type; undefined where it has said nothing. */
  readonly readPolicy: (siteId: number, type: MinerOrderType) => Promise<StoredPolicy | undefined>;
  readonly clock: Clock;
};

/** `cmd-`, the time in 12 hex digits and 16 random ones: ids sort by creation. */
export const newCommandId = (nowMs: number) =>
  `cmd-${nowMs.toString(16).padStart(12, '0')}${randomBytes(8).toString('hex')}`;

/**
 * Creates a command that its recommendation's approval covers, APPROVED from the start, with the events
 * `control.command.proposed` and `control.command.approved`. The same recommendation and miner give the same command:
 * a repeated call answers with the one that exists. Fails with `validation_failed` on a malformed proposal or one that
 * has expired, `not_found` for an unknown miner, `forbidden` where the approvals do not carry the order.
 */
export const proposeCommand =
  (deps: ProposeDeps) =>
  async (input: CommandProposal): Promise<Result<CommandRecord>> => {
    const parsed = commandProposal.safeParse(input);
    if (!parsed.success) return fail('validation_failed', z.prettifyError(parsed.error));
    const proposal = parsed.data;
    const nowMs = deps.clock.nowMs();
    const dedupeKey = `${proposal.recommendationId}:${proposal.minerId}`;
    const known = await deps.findByDedupeKey(proposal.siteId, dedupeKey);
    if (known) return succeed(known.command);
    if (proposal.expiresAtMs <= nowMs) return fail('validation_failed', 'The command has expired already');
    const stored = await deps.readPolicy(proposal.siteId, proposal.order.type);
    const objection = objectionTo(proposal, stored?.policy);
    if (objection) return fail('forbidden', objection);
    const miner = await deps.findMiner(proposal.siteId, proposal.minerId);
    if (!miner || miner.retired) return fail('not_found', `Miner ${proposal.minerId} not found`);
    const command: CommandRecord = {
      ...proposal,
      commandId: newCommandId(nowMs),
      gatewayId: miner.gatewayId,
      status: 'APPROVED',
      dedupeKey,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      dueAtMs: proposal.expiresAtMs,
    };
    if ((await deps.insertCommand(command, eventsOf(command))) === 'inserted') return succeed(command);
    const winner = await deps.findByDedupeKey(proposal.siteId, dedupeKey);
    if (!winner) throw new Error(`Command ${dedupeKey} was refused by the table and is not there`);
    return succeed(winner.command);
  };

/**
 * The last look before a miner is touched, whatever the proposer decided: whoever asked is never the only approver, and
 * an order of a high tier needs two people, and more where the site's own policy says so.
 */
const objectionTo = (
  { requestedBy, approvals, order }: z.output<typeof commandProposal>,
  policy: Policy | undefined,
) => {
  const approvers = new Set(approvals);
  if (approvers.size === 1 && approvers.has(requestedBy))
    return 'Whoever asks for a command cannot be its only approver';
  const people = [...approvers].filter((who) => who.startsWith('user:'));
  if (commandTiers[order.type] === 'high' && people.length < 2)
    return `${order.type} needs the approval of two different people`;
  if (policy && people.length < policy.approvers)
    return `${order.type} needs the approval of ${policy.approvers} people at this site`;
  return undefined;
};

const eventsOf = (command: CommandRecord): NewDomainEvent[] => [
  commandEvent(command, actorOf(command.requestedBy), 'control.command.proposed', {
    miner_id: command.minerId,
    command_type: command.order.type,
  }),
  commandEvent(
    command,
    actorOf(command.approvals.at(-1) ?? command.requestedBy),
    'control.command.approved',
    {
      gateway_id: command.gatewayId,
      approvers: command.approvals,
    },
  ),
];
