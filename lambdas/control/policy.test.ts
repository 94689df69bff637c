import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandTiers, minerOrderTypes, riskTiers } from '../../contracts/command.ts';
import { defaultPolicy, faultsOf, isWithin, needOf } from './policy.ts';

test('every type’s own policy stands, and asks what its tier does', () => {
  for (const type of minerOrderTypes) {
    const given = defaultPolicy(type);
    expect(faultsOf(type, given)).toEqual([]);
    const votes = { low: 0, medium: 1, high: 2, critical: 2 }[commandTiers[type]];
    expect(needOf(given, given.tier, 10).votes).toBe(votes);
  }
});

test('votes grow with the power affected, whatever a policy says that may stand', () => {
  const step = fc.record({
    above_kw: fc.integer({ min: 0, max: 9_000 }),
    votes: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...minerOrderTypes),
      fc.array(step, { maxLength: 4 }),
      fc.constantFrom(...riskTiers),
      fc.integer({ min: 0, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 12_000 }), { minLength: 2, maxLength: 6 }),
      (type, power_votes, tier, approvers, powers) => {
        const given = {
          ...defaultPolicy(type),
          power_votes,
          tier,
          approvers,
          approver_rank: 'admin' as const,
        };
        if (faultsOf(type, given).length > 0) return;
        const own = needOf(defaultPolicy(type), tier, 0).votes;
        let before = 0;
        for (const kw of powers.toSorted((a, b) => a - b)) {
          const { votes } = needOf(given, tier, kw);
          expect(votes).toBeGreaterThanOrEqual(before);
          expect(votes).toBeGreaterThanOrEqual(own + (kw > 5_000 ? 2 : kw > 1_000 ? 1 : 0));
          before = votes;
        }
      },
    ),
    { numRuns: 3_000 },
  );
});

test('windows are in the site’s time zone, over midnight too, and through the change of clocks', () => {
  const at = (utc: string) => Date.parse(utc);
  const night = [{ days: ['fri' as const], from: '22:00', to: '02:00' }];
  // Chicago is UTC-6 in winter, UTC-5 in summer.
  expect(isWithin(night, 'America/Chicago', at('2026-01-17T03:59:00Z'))).toBe(false);
  expect(isWithin(night, 'America/Chicago', at('2026-01-17T04:00:00Z'))).toBe(true);
  expect(isWithin(night, 'America/Chicago', at('2026-01-17T07:59:00Z'))).toBe(true);
  expect(isWithin(night, 'America/Chicago', at('2026-01-17T08:00:00Z'))).toBe(false);
  expect(isWithin(night, 'America/Chicago', at('2026-01-16T07:00:00Z'))).toBe(false);
  expect(isWithin(night, 'America/Chicago', at('2026-07-18T03:00:00Z'))).toBe(true);
  expect(isWithin([], 'UTC', 0)).toBe(true);
});
