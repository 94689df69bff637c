import { type Principal, reachesSite } from '../../contracts/access.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { approversOf, type Ballot, castVote, countedVotes, stricter } from './ballot.ts';
import { type BatchRecord, type BatchTransition, batchTransitions, mayMoveBatch, runMs } from './batch.ts';
import { batchEvent } from './batch-events.ts';
import type { Actor } from './command-events.ts';
import { needOf } from './policy.ts';
import { shownStatus } from './request-batch.ts';
import { outsideWindow, policyFor, type RequestDeps, windowIsOpen } from './request-deps.ts';

export type DecideBatchDeps = Pick<RequestDeps, 'readSite' | 'readPolicy' | 'clock'> & {
  readonly readBatch: (siteId: number, batchId: string) => Promise<BatchRecord | undefined>;
  readonly amendBatch: (
    batch: BatchRecord,
    name: BatchTransition | undefined,
    nowMs: number,
    patch: Partial<Pick<BatchRecord, 'votes' | 'need' | 'approvals' | 'expiresAtMs' | 'endedBecause'>>,
    events: readonly NewDomainEvent[],
  ) => Promise<boolean>;
};

const attempts = 25;
const actorFor = (who: Principal): Actor => ({ actor_type: 'user', actor_id: String(who.userId) });

const decide = async (
  deps: DecideBatchDeps,
  who: Principal,
  siteId: number,
  batchId: string,
  attempt: (batch: BatchRecord) => Promise<Result<BatchRecord | 'again'>>,
): Promise<Result<BatchRecord>> => {
  for (let tries = 0; tries < attempts; tries++) {
    const batch = reachesSite(who, siteId) ? await deps.readBatch(siteId, batchId) : undefined;
    if (batch?.tenantId !== who.tenantId) return fail('not_found', 'Batch not found');
    const outcome = await attempt(batch);
    if (!outcome.ok) return outcome;
    if (outcome.value !== 'again') return succeed(outcome.value);
  }
  throw new Error(`Batch ${batchId} stayed contended over ${attempts} attempts`);
};

type ApproveInput = {
  readonly site_id: number;
  readonly selection_hash: string;
  readonly reason?: string | undefined;
};

/** One person's yes to a batch as that person saw it; the last one needed sets it going. Saying it again changes nothing. */
export const approveBatch =
  (deps: DecideBatchDeps) =>
  (who: Principal, batchId: string, { site_id, selection_hash, reason }: ApproveInput) =>
    decide(deps, who, site_id, batchId, async (batch) => {
      const nowMs = deps.clock.nowMs();
      const status = shownStatus(batch, nowMs);
      if (status !== 'PENDING_APPROVAL')
        return batch.approvals.includes(`user:${who.userId}`) && batch.selectionHash === selection_hash
          ? succeed(batch)
          : fail('invalid_state', `Batch cannot be approved (status=${status})`);
      const site = await deps.readSite(batch.tenantId, site_id);
      if (!site) return fail('not_found', 'Batch not found');
      const policy = await policyFor(deps, site_id, batch.order.type);
      const need = stricter(batch.need, needOf(policy, batch.tier, batch.powerKw));
      const { requestedBy, votes, selectionHash } = batch;
      const ballot: Ballot = { requestedBy, need, votes, selectionHash };
      const cast = castVote(ballot, who, nowMs, { seenHash: selection_hash, reason });
      if (!cast.ok) return cast;
      const counted = countedVotes({ ...ballot, votes: cast.value.votes });
      const next = { votes: [...cast.value.votes], need };
      const said = reason !== undefined ? { reason } : {};
      if (!cast.value.complete) {
        if (!cast.value.isNew) return succeed(batch);
        const event = batchEvent(batch, actorFor(who), 'control.batch.voted', {
          user_id: who.userId,
          votes: counted.length,
          votes_needed: need.votes,
          ...said,
        });
        const put = await deps.amendBatch(batch, undefined, nowMs, next, [event]);
        return succeed(put ? { ...batch, ...next, revision: batch.revision + 1 } : 'again');
      }
      if (!windowIsOpen(policy, site, nowMs)) return outsideWindow(batch.order.type);
      const approvals = approversOf(counted);
      const event = batchEvent(batch, actorFor(who), 'control.batch.approved', { approvers: approvals });
      const patch = { ...next, approvals, expiresAtMs: nowMs + runMs };
      const put = await deps.amendBatch(batch, 'approve', nowMs, patch, [event]);
      return succeed(put ? { ...batch, ...patch, status: 'RUNNING', revision: batch.revision + 1 } : 'again');
    });

const step =
  <N extends 'deny' | 'pause' | 'resume' | 'cancel'>(name: N, word: `${string}ed`) =>
  (deps: DecideBatchDeps) =>
  (
    who: Principal,
    batchId: string,
    { site_id, reason }: { readonly site_id: number; readonly reason: string },
  ) =>
    decide(deps, who, site_id, batchId, async (batch) => {
      const nowMs = deps.clock.nowMs();
      const { to } = batchTransitions[name];
      const status = shownStatus(batch, nowMs);
      if (status === to && to !== 'RUNNING') return succeed(batch);
      if (status === 'EXPIRED' || !mayMoveBatch(batch.status, name))
        return fail('invalid_state', `Batch cannot be ${word} (status=${status})`);
      const type = `control.batch.${word}` as
        | 'control.batch.denied'
        | 'control.batch.paused'
        | 'control.batch.resumed'
        | 'control.batch.cancelled';
      const event = batchEvent(batch, actorFor(who), type, { reason });
      const patch = name === 'deny' || name === 'cancel' ? { endedBecause: reason } : {};
      const put = await deps.amendBatch(batch, name, nowMs, patch, [event]);
      return succeed(put ? { ...batch, ...patch, status: to, revision: batch.revision + 1 } : 'again');
    });

/** One person's no, which ends it. */
export const denyBatch = step('deny', 'denied');
/** Begins no more commands until it is resumed; those under way go on. */
export const pauseBatch = step('pause', 'paused');
export const resumeBatch = step('resume', 'resumed');
/** Ends it: no more commands begin, and those not yet sent are taken back. */
export const cancelBatch = step('cancel', 'cancelled');
