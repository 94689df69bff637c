import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasRank, type Principal } from '../../contracts/access.ts';
import { type Ballot, castVote, countedVotes, isComplete, stricter } from './ballot.ts';
import { admin, person } from './test-requests.ts';

const people: readonly Principal[] = [
  person(2),
  person(3),
  person(4, 'manager'),
  person(5, 'manager'),
  { ...admin, userId: 6 },
  { ...person(7), role: 'client' },
];
const need = fc.record({
  votes: fc.integer({ min: 1, max: 4 }),
  rank: fc.constantFrom('operator', 'manager', 'admin'),
  approverIds: fc.option(fc.uniqueArray(fc.integer({ min: 2, max: 7 }), { minLength: 1, maxLength: 5 }), {
    nil: undefined,
  }),
});

test('in whatever order and however often people vote: complete exactly when those who count are enough', () => {
  fc.assert(
    fc.property(
      need,
      fc.integer({ min: 2, max: 8 }),
      fc.array(fc.record({ voter: fc.nat(people.length - 1), sees: fc.boolean(), proves: fc.boolean() }), {
        maxLength: 15,
      }),
      fc.nat(14),
      (asked, requester, casts, changeAt) => {
        const { approverIds, ...rest } = asked;
        let ballot: Ballot = {
          requestedBy: `user:${requester}`,
          need: { ...rest, ...(approverIds && { approverIds }) },
          votes: [],
          selectionHash: 'a',
        };
        let said = new Set<number>();
        for (const [at, { voter, sees, proves }] of casts.entries()) {
          if (at === changeAt) {
            ballot = { ...ballot, selectionHash: 'b' };
            said = new Set();
          }
          const one = people[voter];
          if (!one) continue;
          const who = { ...one, ...(proves && { provenAtMs: at }) };
          const cast = castVote(ballot, who, at, { seenHash: sees ? ballot.selectionHash : 'old' });
          const may =
            sees &&
            hasRank(who, 'operator') &&
            (approverIds?.includes(who.userId) ?? true) &&
            !(who.userId === requester && ballot.need.votes <= 1) &&
            (proves || rest.rank !== 'admin' || said.has(who.userId));
          expect(cast.ok).toBe(may);
          if (!cast.ok) continue;
          expect(cast.value.isNew).toBe(!said.has(who.userId));
          said.add(who.userId);
          ballot = { ...ballot, votes: cast.value.votes };
          const counting = people.filter(({ userId }) => said.has(userId));
          const complete =
            counting.length >= ballot.need.votes &&
            counting.some((one) => hasRank(one, ballot.need.rank)) &&
            counting.some(({ userId }) => userId !== requester);
          expect(cast.value.complete).toBe(complete);
          expect(isComplete(ballot)).toBe(complete);
          expect(
            countedVotes(ballot)
              .map(({ userId }) => userId)
              .toSorted(),
          ).toEqual([...said].toSorted());
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test('of two needs, what satisfies the stricter satisfies both', () => {
  const vote = (who: Principal) =>
    ({
      userId: who.userId,
      name: '',
      rank: who.role === 'admin' ? 'admin' : (who.duty ?? 'manager'),
      atMs: 1,
      hash: 'a',
    }) as const;
  fc.assert(
    fc.property(need, need, fc.uniqueArray(fc.nat(4), { maxLength: 5 }), (a, b, voters) => {
      const clean = ({ approverIds, ...rest }: typeof a) => ({
        ...rest,
        ...(approverIds && { approverIds }),
      });
      const ballot = (asked: Ballot['need']): Ballot => ({
        requestedBy: 'user:9',
        need: asked,
        votes: voters.flatMap((at) => (people[at] ? [vote(people[at])] : [])),
        selectionHash: 'a',
      });
      if (isComplete(ballot(stricter(clean(a), clean(b)))))
        expect([isComplete(ballot(clean(a))), isComplete(ballot(clean(b)))]).toEqual([true, true]);
    }),
    { numRuns: 2_000 },
  );
});
