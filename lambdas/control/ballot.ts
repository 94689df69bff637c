import * as z from 'zod';
import { hasRank, type Principal, rankOf, ranks } from '../../contracts/access.ts';
import { epochMs, userId } from '../../contracts/identifiers.ts';
import { requireStepUp } from '../shared/admit.ts';
import { fail, type Result, succeed } from '../shared/result.ts';

export const approverRanks = ['operator', 'manager', 'admin'] as const;
export type ApproverRank = (typeof approverRanks)[number];

/** How many different people must say yes, the rank that one of them must have, and, where it is limited, who may. */
export const approvalNeed = z.object({
  votes: z.int().min(0).max(8),
  rank: z.enum(approverRanks),
  approverIds: z.array(userId).max(50).optional(),
});
export type ApprovalNeed = z.infer<typeof approvalNeed>;

/** One person's yes to exactly what `hash` names. */
export const vote = z.object({
  userId,
  name: z.string(),
  rank: z.enum(ranks),
  atMs: epochMs,
  hash: z.string(),
  reason: z.string().optional(),
});
export type Vote = z.infer<typeof vote>;

/** What is being voted on: who asks, what is needed, what was said, and what it is about now. */
export type Ballot = {
  readonly requestedBy: string;
  readonly need: ApprovalNeed;
  readonly votes: readonly Vote[];
  readonly selectionHash: string;
};

/** The votes that count: for what is asked now, by people who may, one each. */
export const countedVotes = ({ votes, selectionHash, need }: Ballot): readonly Vote[] => {
  const counted = new Map<number, Vote>();
  for (const one of votes)
    if (one.hash === selectionHash && (need.approverIds?.includes(one.userId) ?? true))
      counted.set(one.userId, counted.get(one.userId) ?? one);
  return [...counted.values()];
};

/** Complete when enough people said yes, one of sufficient rank among them, and not the requester alone. */
export const isComplete = (ballot: Ballot): boolean => {
  const { need, requestedBy } = ballot;
  const counted = countedVotes(ballot);
  return (
    counted.length >= need.votes &&
    (need.votes === 0 ||
      (counted.some(({ rank }) => ranks.indexOf(rank) >= ranks.indexOf(need.rank)) &&
        counted.some((one) => `user:${one.userId}` !== requestedBy)))
  );
};

export type Cast = {
  readonly votes: readonly Vote[];
  readonly complete: boolean;
  /** False where this person had said so before. */
  readonly isNew: boolean;
};

/**
 * One person's yes. Saying it again changes nothing. `forbidden` for whoever may not approve, and for a requester who
 * would be the only approver; `conflict` where the voter has seen something else than what is asked now. What needs an admin (the critical
 * tier) takes a proof of the last five minutes that the voter is there.
 */
export const castVote = (
  ballot: Ballot,
  who: Principal,
  atMs: number,
  { seenHash, reason }: { readonly seenHash?: string | undefined; readonly reason?: string | undefined },
): Result<Cast> => {
  const { need, requestedBy, selectionHash, votes } = ballot;
  if (seenHash !== undefined && seenHash !== selectionHash)
    return fail('conflict', 'What is asked has changed since you saw it: look again and vote anew');
  if (!hasRank(who, 'operator')) return fail('forbidden', 'Operator access required');
  if (need.approverIds && !need.approverIds.includes(who.userId))
    return fail('forbidden', 'The policy names other people to approve this');
  if (requestedBy === `user:${who.userId}` && need.votes <= 1)
    return fail('forbidden', 'The requester cannot be the only approver');
  if (countedVotes(ballot).some(({ userId: known }) => known === who.userId))
    return succeed({ votes, complete: isComplete(ballot), isNew: false });
  const proven = need.rank === 'admin' ? requireStepUp(who, atMs) : succeed(undefined);
  if (!proven.ok) return proven;
  const mine: Vote = {
    userId: who.userId,
    name: who.name,
    rank: rankOf(who),
    atMs,
    hash: selectionHash,
    ...(reason !== undefined && { reason }),
  };
  const next = [...votes, mine];
  return succeed({ votes: next, complete: isComplete({ ...ballot, votes: next }), isNew: true });
};

/** The need that satisfies both: what was needed when it was asked for, and what the policy says now. */
export const stricter = (a: ApprovalNeed, b: ApprovalNeed): ApprovalNeed => {
  const allowed =
    a.approverIds && b.approverIds
      ? b.approverIds.filter((id) => a.approverIds?.includes(id))
      : (b.approverIds ?? a.approverIds);
  return {
    votes: Math.max(a.votes, b.votes),
    rank: approverRanks.indexOf(a.rank) >= approverRanks.indexOf(b.rank) ? a.rank : b.rank,
    ...(allowed && { approverIds: allowed }),
  };
};

/** An envelope names at most so many. */
const mostNamed = 8;

/** Those whose votes made an approval, as an envelope names them: the last ones, whose vote completed it. */
export const approversOf = (votes: readonly Vote[]): string[] =>
  votes.slice(-mostNamed).map((one) => `user:${one.userId}`);
