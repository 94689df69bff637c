import { hasRank, type Principal, rankOf, ranks } from '../../contracts/access.ts';
import type { ApprovalLevel } from '../../contracts/api-advisor.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { approvalNeed, type Recommendation, type Vote } from './recommendation.ts';

/** Where an approval stands: complete, or how many votes and which level are missing. */
export type Tally = {
  readonly complete: boolean;
  readonly votes: number;
  readonly needed: number;
  readonly missingLevel: ApprovalLevel | undefined;
};

export const tally = ({
  votes,
  risk,
  createdBy,
}: Pick<Recommendation, 'votes' | 'risk' | 'createdBy'>): Tally => {
  const { votes: needed, level } = approvalNeed[risk.level];
  const voters = new Map(votes.map((one) => [one.userId, one]));
  const ranked = [...voters.values()].some(({ rank }) => ranks.indexOf(rank) >= ranks.indexOf(level));
  const others = [...voters.keys()].some((userId) => `user:${userId}` !== createdBy);
  return {
    complete: voters.size >= needed && ranked && others,
    votes: voters.size,
    needed,
    missingLevel: ranked ? undefined : level,
  };
};

export type Decision = {
  readonly recommendation: Recommendation;
  readonly change: 'none' | 'voted' | 'approved';
};

/**
 * One person's approval. The same person's second vote changes nothing; the requester's vote counts only as one of two.
 * `invalid_state` where the recommendation is not pending or its time is over; `forbidden` below operator, or where
 * the requester would be the only approver.
 */
export const castVote = (
  recommendation: Recommendation,
  who: Principal,
  atMs: number,
  reason?: string,
): Result<Decision> => {
  if (!hasRank(who, 'operator')) return fail('forbidden', 'Operator access required');
  const status =
    recommendation.status === 'pending' && recommendation.expiresAtMs <= atMs
      ? 'expired'
      : recommendation.status;
  if (status !== 'pending')
    return fail('invalid_state', `Recommendation cannot be approved (status=${status})`);
  if (recommendation.votes.some(({ userId }) => userId === who.userId))
    return succeed({ recommendation, change: 'none' });
  const isRequester = recommendation.createdBy === `user:${who.userId}`;
  if (isRequester && approvalNeed[recommendation.risk.level].votes === 1) {
    return fail('forbidden', 'The requester cannot be the only approver');
  }
  const vote: Vote = {
    userId: who.userId,
    name: who.name,
    rank: rankOf(who),
    atMs,
    ...(reason && { reason }),
  };
  const voted = { ...recommendation, votes: [...recommendation.votes, vote] };
  return tally(voted).complete
    ? succeed({ recommendation: { ...voted, status: 'approved', approvedAtMs: atMs }, change: 'approved' })
    : succeed({ recommendation: voted, change: 'voted' });
};

/** One operator's no ends it. `invalid_state` where it is not pending any more. */
export const castRejection = (
  recommendation: Recommendation,
  who: Principal,
  atMs: number,
  reason: string,
): Result<Recommendation> => {
  if (!hasRank(who, 'operator')) return fail('forbidden', 'Operator access required');
  const status =
    recommendation.status === 'pending' && recommendation.expiresAtMs <= atMs
      ? 'expired'
      : recommendation.status;
  if (status !== 'pending')
    return fail('invalid_state', `Recommendation cannot be rejected (status=${status})`);
  return succeed({ ...recommendation, status: 'rejected', rejection: { userId: who.userId, atMs, reason } });
};
