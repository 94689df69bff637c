import type { Principal } from '../../contracts/access.ts';
import { reachesSite } from '../../contracts/access.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type ApprovalNeed, approversOf, type Ballot, castVote, countedVotes, stricter } from './ballot.ts';
import { type CommandRecord, mayMove } from './command.ts';
import { type Actor, commandEvent } from './command-events.ts';
import type { Move } from './move-commands.ts';
import { needOf } from './policy.ts';
import { asMinerOrder } from './request-command.ts';
import { outsideWindow, policyFor, type RequestDeps, windowIsOpen } from './request-deps.ts';

export type DecideDeps = Pick<RequestDeps, 'readSite' | 'readPolicy' | 'readCommand' | 'clock'> & {
  readonly moveCommand: (move: Move) => Promise<boolean>;
  readonly amendCommand: (
    command: CommandRecord,
    changes: Pick<CommandRecord, 'votes' | 'need' | 'updatedAtMs'>,
    events: readonly NewDomainEvent[],
  ) => Promise<boolean>;
};

const attempts = 25;
const actorFor = (who: Principal): Actor => ({ actor_type: 'user', actor_id: String(who.userId) });

/** Tries a decision on the command as it stands until it is made of what still stands when it is written. */
const decide = async (
  deps: DecideDeps,
  who: Principal,
  siteId: number,
  commandId: string,
  attempt: (command: CommandRecord) => Promise<Result<CommandRecord | 'again'>>,
): Promise<Result<CommandRecord>> => {
  for (let tries = 0; tries < attempts; tries++) {
    const command = reachesSite(who, siteId) ? await deps.readCommand(siteId, commandId) : undefined;
    if (command?.tenantId !== who.tenantId) return fail('not_found', 'Command not found');
    const outcome = await attempt(command);
    if (!outcome.ok) return outcome;
    if (outcome.value !== 'again') return succeed(outcome.value);
  }
  throw new Error(`Command ${commandId} stayed contended over ${attempts} attempts`);
};

const shownStatus = ({ status, expiresAtMs }: CommandRecord, nowMs: number) =>
  (status === 'PENDING' || status === 'PENDING_APPROVAL') && expiresAtMs <= nowMs ? 'EXPIRED' : status;

type ApproveInput = {
  readonly site_id: number;
  readonly selection_hash?: string | undefined;
  readonly reason?: string | undefined;
};

/**
 * One person's yes to a command; the last one needed approves it. Saying it again changes nothing. `forbidden` for whoever may not,
 * `conflict` where the voter saw something else, `invalid_state` where nothing waits for approval or the policy's windows are closed.
 */
export const approveCommand =
  (deps: DecideDeps) =>
  (who: Principal, commandId: string, { site_id, selection_hash, reason }: ApproveInput) =>
    decide(deps, who, site_id, commandId, async (command) => {
      const nowMs = deps.clock.nowMs();
      const { votes = [], selectionHash = '', requestedBy } = command;
      const status = shownStatus(command, nowMs);
      if (status !== 'PENDING_APPROVAL')
        return command.approvals.includes(`user:${who.userId}`) && status !== 'EXPIRED'
          ? succeed(command)
          : fail('invalid_state', `Command cannot be approved (status=${status})`);
      const site = await deps.readSite(command.tenantId, site_id);
      const judgedBy = await judgedOrder(deps, command);
      if (!site || !judgedBy) return fail('not_found', 'Command not found');
      const policy = await policyFor(deps, site_id, judgedBy);
      const now = needOf(policy, command.tier ?? policy.tier, command.powerKw ?? 0);
      const need: ApprovalNeed = command.need ? stricter(command.need, now) : now;
      const ballot: Ballot = { requestedBy, need, votes, selectionHash };
      const cast = castVote(ballot, who, nowMs, { seenHash: selection_hash, reason });
      if (!cast.ok) return cast;
      const next = { ...command, need, votes: [...cast.value.votes] };
      const counted = countedVotes({ ...ballot, votes: cast.value.votes });
      if (!cast.value.complete) {
        if (!cast.value.isNew) return succeed(command);
        const voted = commandEvent(command, actorFor(who), 'control.command.voted', {
          user_id: who.userId,
          votes: counted.length,
          votes_needed: need.votes,
          ...(reason !== undefined && { reason }),
        });
        const changes = { votes: next.votes, need, updatedAtMs: nowMs };
        return succeed(
          (await deps.amendCommand(command, changes, [voted]))
            ? { ...next, ...changes, revision: (command.revision ?? 0) + 1 }
            : 'again',
        );
      }
      if (!windowIsOpen(policy, site, nowMs)) return outsideWindow(command.order.type);
      const approvals = approversOf(counted);
      const expiresAtMs = nowMs + (command.deliveryMs ?? policy.delivery_ttl_s * 1_000);
      const approved = commandEvent(command, actorFor(who), 'control.command.approved', {
        gateway_id: command.gatewayId,
        approvers: approvals,
        ...(reason !== undefined && { reason }),
      });
      const patch = { approvals, votes: next.votes, need, expiresAtMs };
      const moved = await deps.moveCommand({ command, name: 'approve', nowMs, patch, events: [approved] });
      return succeed(moved ? { ...next, ...patch, status: 'APPROVED', updatedAtMs: nowMs } : 'again');
    });

/** The type whose policy holds: of a rollback, that of the command which it puts back. */
const judgedOrder = async ({ readCommand }: DecideDeps, { siteId, order }: CommandRecord) => {
  if (order.type !== 'ROLLBACK') return order.type;
  const reverted = await readCommand(siteId, order.params.ofCommandId);
  return reverted && asMinerOrder(reverted.order)?.type;
};

const end =
  (name: 'deny' | 'cancel', type: 'control.command.denied' | 'control.command.cancelled', word: string) =>
  (deps: DecideDeps) =>
  (
    who: Principal,
    commandId: string,
    { site_id, reason }: { readonly site_id: number; readonly reason: string },
  ) =>
    decide(deps, who, site_id, commandId, async (command) => {
      const nowMs = deps.clock.nowMs();
      const status = shownStatus(command, nowMs);
      if (status === (name === 'deny' ? 'DENIED' : 'CANCELLED')) return succeed(command);
      if (status === 'EXPIRED' || !mayMove(command, name, nowMs))
        return fail('invalid_state', `Command cannot be ${word} (status=${status})`);
      const event = commandEvent(command, actorFor(who), type, { reason });
      const patch = {
        settledAtMs: nowMs,
        failure: { code: word.toUpperCase(), detail: reason.slice(0, 300) },
      };
      const moved = await deps.moveCommand({ command, name, nowMs, patch, events: [event] });
      return succeed(
        moved ? { ...command, ...patch, status: word === 'denied' ? 'DENIED' : 'CANCELLED' } : 'again',
      );
    });

/** One person's no, which ends it. */
export const denyCommand = end('deny', 'control.command.denied', 'denied');
/** Takes a command back before it is on its way to the gateway. */
export const cancelCommand = end('cancel', 'control.command.cancelled', 'cancelled');
