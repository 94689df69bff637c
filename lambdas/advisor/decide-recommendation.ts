import type { Principal } from '../../contracts/access.ts';
import { reachesSite } from '../../contracts/access.ts';
import { requireStepUp } from '../shared/admit.ts';
import { type Result, succeed } from '../shared/result.ts';
import {
  type ChangeDeps,
  changeRecommendation,
  notFound,
  recommendationEvent,
  theSystem,
  userActor,
} from './change-recommendation.ts';
import { castRejection, castVote, tally } from './decide.ts';
import { mayBecome, type Recommendation } from './recommendation.ts';

export const isVisible = (
  who: Principal,
  { tenantId, siteId }: Pick<Recommendation, 'tenantId' | 'siteId'>,
) => tenantId === who.tenantId && reachesSite(who, siteId);

export const approversOf = ({ votes, approvedByRule }: Recommendation) =>
  approvedByRule === undefined ? votes.map(({ userId }) => `user:${userId}`) : [`rule:${approvedByRule}`];

/**
 * A person's approval, `001` §3.4: approved, or still pending with one vote more. Every vote is audited. A critical one takes a
 * proof of the last five minutes that the person is there.
 */
export const approveRecommendation =
  (deps: ChangeDeps) =>
  async (who: Principal, id: string, reason?: string): Promise<Result<Recommendation>> =>
    changeRecommendation(deps)(id, (current) => {
      if (!isVisible(who, current)) return notFound();
      const nowMs = deps.clock.nowMs();
      const proven = current.risk.level === 'critical' ? requireStepUp(who, nowMs) : succeed(undefined);
      if (!proven.ok) return proven;
      const vote = castVote(current, who, nowMs, reason);
      if (!vote.ok) return vote;
      const { recommendation: next, change } = vote.value;
      if (change === 'none') return succeed(undefined);
      const { votes, needed } = tally(next);
      const actor = userActor(who.userId);
      const voted = recommendationEvent(next, actor, 'advisor.recommendation.voted', {
        recommendation_id: id,
        user_id: who.userId,
        votes,
        votes_needed: needed,
      });
      if (change === 'voted') return succeed({ next, events: [voted] });
      const approved = recommendationEvent(next, actor, 'advisor.recommendation.approved', {
        recommendation_id: id,
        approvers: approversOf(next),
      });
      return succeed({ next, events: [voted, approved], counters: { approved: 1 } });
    });

/** A person's rejection, `001` §3.5. */
export const rejectRecommendation =
  (deps: ChangeDeps) =>
  async (who: Principal, id: string, reason: string): Promise<Result<Recommendation>> =>
    changeRecommendation(deps)(id, (current) => {
      if (!isVisible(who, current)) return notFound();
      const rejected = castRejection(current, who, deps.clock.nowMs(), reason);
      if (!rejected.ok) return rejected;
      const next = rejected.value;
      const event = recommendationEvent(next, userActor(who.userId), 'advisor.recommendation.rejected', {
        recommendation_id: id,
        reason,
      });
      return succeed({ next, events: [event], counters: { rejected: 1 } });
    });

/** Ends a pending recommendation (with `alsoApproved`, an approved one that nobody executed too). Others stay as they are. */
export const expireRecommendation =
  (deps: ChangeDeps) =>
  async (
    id: string,
    reason: 'timeout' | 'superseded',
    alsoApproved = false,
  ): Promise<Result<Recommendation>> =>
    changeRecommendation(deps)(id, (current) => {
      if (current.status !== 'pending' && !(alsoApproved && current.status === 'approved'))
        return succeed(undefined);
      const next: Recommendation = { ...current, status: 'expired', statusReason: reason };
      return succeed({
        next,
        events: [
          recommendationEvent(next, theSystem, 'advisor.recommendation.expired', {
            recommendation_id: id,
            reason,
          }),
        ],
      });
    });

/** Ends a recommendation as failed, with the reason; one that ended already stays as it is. */
export const failRecommendation =
  (deps: ChangeDeps) =>
  async (id: string, reason: string): Promise<Result<Recommendation>> =>
    changeRecommendation(deps)(id, (current) => {
      if (!mayBecome(current.status, 'failed')) return succeed(undefined);
      const atMs = deps.clock.nowMs();
      const execution = current.execution && {
        ...current.execution,
        completedAtMs: atMs,
        result: { success: false, reason },
      };
      const next: Recommendation = {
        ...current,
        status: 'failed',
        statusReason: reason,
        ...(execution && { execution }),
      };
      return succeed({
        next,
        events: [
          recommendationEvent(next, theSystem, 'advisor.recommendation.failed', {
            recommendation_id: id,
            reason,
          }),
        ],
      });
    });
