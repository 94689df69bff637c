import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionTypes, type RuleConditions, ruleConditions } from '../../../contracts/api-advisor.ts';
import { en } from '../i18n/en.ts';
import { conditionsOf, describeConditions, draftOf, isWithin } from './rule-form.ts';

const conditions: fc.Arbitrary<RuleConditions> = fc.record(
  {
    max_risk_level: fc.constantFrom('low' as const, 'medium' as const),
    min_confidence: fc.integer({ min: 0, max: 1_000 }).map((thousandths) => thousandths / 1_000),
    allowed_actions: fc.subarray([...actionTypes], { minLength: 1 }),
    max_targets: fc.integer({ min: 1, max: 500 }),
    max_power_impact_kw: fc.integer({ min: 0, max: 10_000 }),
    allowed_time_windows: fc.constant([{ start: '22:00', end: '06:00' }]),
  },
  { requiredKeys: [] },
);

describe('the form of a rule', () => {
  it('gives back the conditions that it was opened with', () => {
    fc.assert(
      fc.property(conditions, (given) => {
        const draft = draftOf({ name: 'n', description: '', conditions: given });
        const back = conditionsOf(draft, given.allowed_time_windows);
        expect(ruleConditions.safeParse(back).success).toBe(true);
        expect({ ...back, min_confidence: undefined }).toEqual({ ...given, min_confidence: undefined });
        if (given.min_confidence === undefined) expect(back.min_confidence).toBeUndefined();
        else expect(back.min_confidence).toBeCloseTo(given.min_confidence, 9);
      }),
    );
  });

  it.each([
    ['maxTargets', '', true],
    ['maxTargets', '1', true],
    ['maxTargets', '500', true],
    ['maxTargets', '0', false],
    ['maxTargets', '1.5', false],
    ['maxTargets', 'many', false],
    ['minConfidencePct', '62.5', true],
    ['minConfidencePct', '101', false],
    ['maxPowerKw', '-1', false],
  ] as const)('%s takes "%s": %s', (field, text, good) => expect(isWithin(field, text)).toBe(good));

  it('says conditions in words', () => {
    expect(describeConditions(en, { max_risk_level: 'low', max_targets: 3 })).toEqual([
      'Highest risk: low',
      'Allowed actions: any',
      'Most miners at once: 3',
    ]);
  });
});
