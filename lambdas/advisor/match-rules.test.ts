import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionTypes, type Rule, type RuleConditions } from '../../contracts/api-advisor.ts';
import { riskTiers } from '../../contracts/command.ts';
import { matchRule, type RuleQuestion } from './match-rules.ts';

const rule = (conditions: RuleConditions, part: Partial<Rule> = {}): Rule => ({
  id: 1,
  site_id: 1,
  name: 'rule',
  description: '',
  conditions,
  is_active: true,
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  ...part,
});
const question: RuleQuestion = {
  actionType: 'reboot',
  riskLevel: 'low',
  confidence: 0.9,
  targetCount: 1,
  powerImpactKw: 3,
  atMs: Date.UTC(2026, 0, 1, 23, 30),
};

describe('a rule', () => {
  it.each<[string, RuleConditions, Partial<RuleQuestion>, boolean]>([
    ['without conditions allows low', {}, {}, true],
    ['without conditions refuses medium', {}, { riskLevel: 'medium' }, false],
    ['up to medium allows medium', { max_risk_level: 'medium' }, { riskLevel: 'medium' }, true],
    ['up to medium refuses high', { max_risk_level: 'medium' }, { riskLevel: 'high' }, false],
    ['with a confidence allows it exactly', { min_confidence: 0.9 }, {}, true],
    ['with a higher confidence refuses', { min_confidence: 0.91 }, {}, false],
    ['for another action refuses', { allowed_actions: ['adjust_fan'] }, {}, false],
    ['for no action refuses', { allowed_actions: [] }, {}, false],
    ['for fewer targets refuses', { max_targets: 1 }, { targetCount: 2 }, false],
    ['for less power refuses', { max_power_impact_kw: 2 }, {}, false],
    ['within its window allows', { allowed_time_windows: [{ start: '22:00', end: '23:45' }] }, {}, true],
    [
      'within a window over midnight allows',
      { allowed_time_windows: [{ start: '22:00', end: '06:00' }] },
      {},
      true,
    ],
    ['outside its windows refuses', { allowed_time_windows: [{ start: '06:00', end: '22:00' }] }, {}, false],
    [
      'at the end of its window refuses',
      { allowed_time_windows: [{ start: '06:00', end: '23:30' }] },
      {},
      false,
    ],
  ])('%s', (_, conditions, part, allowed) => {
    expect(matchRule([rule(conditions)], { ...question, ...part })?.id).toBe(allowed ? 1 : undefined);
  });

  it('that is not active refuses', () => {
    expect(matchRule([rule({}, { is_active: false })], question)).toBeUndefined();
  });
});

it('never lets high or critical through', () => {
  const conditions = fc.record(
    { max_risk_level: fc.constantFrom('low' as const, 'medium' as const) },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.array(conditions.map((one) => rule(one))),
      fc.constantFrom(...actionTypes),
      fc.constantFrom(...riskTiers),
      (rules, actionType, riskLevel) => {
        const found = matchRule(rules, { ...question, actionType, riskLevel });
        if (riskLevel === 'high' || riskLevel === 'critical') expect(found).toBeUndefined();
        if (riskLevel === 'medium' && found) expect(found.conditions.max_risk_level).toBe('medium');
      },
    ),
  );
});
