import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasRank, type Principal, rankOf, ranks } from '../../contracts/access.ts';
import { riskTiers } from '../../contracts/command.ts';
import { castRejection, castVote, tally } from './decide.ts';
import { approvalNeed, isOpen, type Recommendation, transitions } from './recommendation.ts';
import { person, recommendationOf } from './test-recommendations.ts';

const voteAll = (start: Recommendation, voters: readonly Principal[]) => {
  let now = start;
  for (const who of voters) {
    const result = castVote(now, who, start.createdAtMs + 1);
    if (result.ok) now = result.value.recommendation;
  }
  return now;
};

const anyone = fc
  .record({
    id: fc.integer({ min: 1, max: 6 }),
    role: fc.constantFrom('admin', 'manager', 'operator', 'client'),
  })
  .map(({ id, role }) =>
    person(
      id,
      role === 'client' && id > 3
        ? 'client'
        : id <= 2
          ? 'operator'
          : id <= 4
            ? 'manager'
            : id === 5
              ? 'admin'
              : 'client',
    ),
  );

it('approves exactly when enough different people with the right ranks voted, never the requester alone', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...riskTiers),
      fc.option(fc.integer({ min: 1, max: 6 })),
      fc.array(anyone, { maxLength: 12 }),
      (level, requester, voters) => {
        const start = recommendationOf({
          level,
          createdBy: requester === null ? 'ai:closed-loop' : `user:${requester}`,
        });
        const end = voteAll(start, voters);
        const distinct = new Set(end.votes.map(({ userId }) => userId));
        expect(distinct.size).toBe(end.votes.length);
        for (const { rank } of end.votes)
          expect(ranks.indexOf(rank)).toBeGreaterThanOrEqual(ranks.indexOf('operator'));
        if (end.status === 'approved') {
          const need = approvalNeed[level];
          expect(distinct.size).toBeGreaterThanOrEqual(need.votes);
          expect(end.votes.some(({ rank }) => ranks.indexOf(rank) >= ranks.indexOf(need.level))).toBe(true);
          expect([...distinct].some((userId) => `user:${userId}` !== start.createdBy)).toBe(true);
        } else {
          const others = voters.filter(
            (who) => hasRank(who, 'operator') && `user:${who.userId}` !== start.createdBy,
          );
          const people = new Map(others.map((who) => [who.userId, who]));
          const need = approvalNeed[level];
          const enough =
            people.size >= need.votes &&
            [...people.values()].some((who) => ranks.indexOf(rankOf(who)) >= ranks.indexOf(need.level));
          expect(enough).toBe(false);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

describe('one vote', () => {
  const operator = person(7, 'operator');

  it('approves a medium one and leaves a high one pending with what is missing', () => {
    expect(castVote(recommendationOf({ level: 'medium' }), operator, 1)).toMatchObject({
      ok: true,
      value: { change: 'approved' },
    });
    const high = castVote(recommendationOf({ level: 'high' }), operator, 1, 'checked');
    expect(high).toMatchObject({
      ok: true,
      value: { change: 'voted', recommendation: { status: 'pending' } },
    });
    if (high.ok)
      expect(tally(high.value.recommendation)).toEqual({
        complete: false,
        votes: 1,
        needed: 2,
        missingLevel: 'manager',
      });
  });

  it('of the same person counts once', () => {
    const first = castVote(recommendationOf({ level: 'critical' }), person(9, 'admin'), 1);
    if (!first.ok) throw new Error('unexpected');
    expect(castVote(first.value.recommendation, person(9, 'admin'), 2)).toMatchObject({
      ok: true,
      value: { change: 'none', recommendation: { status: 'pending' } },
    });
  });

  it('of the requester alone does not do', () => {
    const own = recommendationOf({ level: 'medium', createdBy: 'user:7' });
    expect(castVote(own, operator, 1)).toEqual({
      ok: false,
      failure: { code: 'forbidden', message: 'The requester cannot be the only approver' },
    });
  });

  it('comes too late after the end, and after the expiry', () => {
    for (const status of ['approved', 'rejected', 'executing', 'completed', 'failed', 'expired'] as const) {
      expect(castVote(recommendationOf({ status }), operator, 1)).toMatchObject({
        ok: false,
        failure: { code: 'invalid_state', message: `Recommendation cannot be approved (status=${status})` },
      });
      expect(castRejection(recommendationOf({ status }), operator, 1, 'no')).toMatchObject({
        ok: false,
        failure: { message: `Recommendation cannot be rejected (status=${status})` },
      });
    }
    const late = recommendationOf({});
    expect(castVote(late, operator, late.expiresAtMs)).toMatchObject({
      ok: false,
      failure: { message: 'Recommendation cannot be approved (status=expired)' },
    });
  });

  it('needs an operator', () => {
    expect(castVote(recommendationOf({}), person(3, 'client'), 1)).toMatchObject({
      ok: false,
      failure: { message: 'Operator access required' },
    });
    expect(castRejection(recommendationOf({}), person(3, 'client'), 1, 'no')).toMatchObject({
      ok: false,
      failure: { message: 'Operator access required' },
    });
  });
});

it('has only ends that nothing follows', () => {
  expect(Object.keys(transitions).filter((status) => !isOpen(status as keyof typeof transitions))).toEqual([
    'rejected',
    'completed',
    'failed',
    'expired',
  ]);
});
