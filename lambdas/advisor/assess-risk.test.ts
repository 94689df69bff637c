import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionTypes } from '../../contracts/api-advisor.ts';
import { riskTiers } from '../../contracts/command.ts';
import {
  assessRisk,
  interpolate,
  levelOfScore,
  powerKwCurve,
  revenuePctCurve,
  riskProfiles,
  targetCurve,
} from './assess-risk.ts';

describe('the documented examples', () => {
  it('scores a reboot of one miner as 0.23, low (000 §5.3)', () => {
    const risk = assessRisk({ actionType: 'reboot', targetCount: 1, powerImpactKw: 3.3, confidence: 0.85 });
    expect(risk).toMatchObject({
      score: 0.23,
      level: 'low',
      profile: 'four-inputs-v1',
      can_auto_execute: true,
      require_approval: false,
    });
  });

  it('scores the curtailment of three miners as 0.22 to 0.23, low (001 §5.1)', () => {
    const risk = assessRisk({
      actionType: 'curtail',
      targetCount: 3,
      powerImpactKw: 100,
      revenueImpactPct: 5,
      confidence: 0.85,
    });
    expect(risk.score).toBeGreaterThanOrEqual(0.22);
    expect(risk.score).toBeLessThanOrEqual(0.23);
    expect(risk).toMatchObject({
      level: 'low',
      approval_level: 'operator',
      can_auto_execute: true,
      require_approval: false,
    });
    expect(risk.factors.slice(0, 4)).toEqual([
      {
        factor: 'action_type',
        value: 'curtail',
        weight: 0.6,
        description_en: "Action type 'curtail' risk weight",
        description_zh: "操作类型 'curtail' 风险权重",
      },
      {
        factor: 'target_count',
        value: 3,
        weight: 0.1,
        description_en: '3 devices affected',
        description_zh: '影响 3 台设备',
      },
      {
        factor: 'power_impact',
        value: 100,
        weight: 0.1,
        description_en: '100 kW power impact',
        description_zh: '功率影响 100 kW',
      },
      {
        factor: 'revenue_impact',
        value: 5,
        weight: 0.1,
        description_en: '5.0% revenue impact',
        description_zh: '收益影响 5.0%',
      },
    ]);
  });
});

it('has weights that sum to one', () => {
  for (const { name: _name, ...weights } of Object.values(riskProfiles)) {
    const all: readonly number[] = Object.values(weights);
    expect(all.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  }
});

it('draws straight lines between the documented ends', () => {
  for (const [curve, from, to] of [
    [targetCurve, 5, 100],
    [powerKwCurve, 100, 5_000],
    [revenuePctCurve, 5, 50],
  ] as const) {
    expect(interpolate(curve, 0)).toBe(0.1);
    expect(interpolate(curve, from)).toBe(0.1);
    expect(interpolate(curve, (from + to) / 2)).toBeCloseTo(0.55, 12);
    expect(interpolate(curve, to)).toBeCloseTo(1, 12);
    expect(interpolate(curve, to * 10)).toBe(1);
  }
});

it('keeps the documented thresholds', () => {
  expect([0, 0.24, 0.25, 0.49, 0.5, 0.74, 0.75, 1].map(levelOfScore)).toEqual([
    'low',
    'low',
    'medium',
    'medium',
    'high',
    'high',
    'critical',
    'critical',
  ]);
});

const input = fc.record({
  actionType: fc.constantFrom(...actionTypes),
  targetCount: fc.integer({ min: 0, max: 2_000 }),
  powerImpactKw: fc.option(fc.double({ min: 0, max: 20_000, noNaN: true }), { nil: undefined }),
  revenueImpactPct: fc.option(fc.double({ min: 0, max: 100, noNaN: true }), { nil: undefined }),
  confidence: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  historicalSuccessRate: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  timeOfDayRisk: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
});

it('stays within 0 and 1, never automates above low, and keeps the floors', () => {
  fc.assert(
    fc.property(input, (one) => {
      const risk = assessRisk(one);
      expect(risk.score).toBeGreaterThanOrEqual(0);
      expect(risk.score).toBeLessThanOrEqual(1);
      expect(risk.can_auto_execute).toBe(risk.level === 'low');
      if (one.actionType === 'power_off' || one.actionType === 'switch_pool') {
        expect(riskTiers.indexOf(risk.level)).toBeGreaterThanOrEqual(riskTiers.indexOf('high'));
      }
    }),
  );
});

it('never falls when more is at stake', () => {
  fc.assert(
    fc.property(input, fc.nat({ max: 500 }), fc.nat({ max: 5_000 }), (one, miners, kw) => {
      const more = {
        ...one,
        targetCount: one.targetCount + miners,
        powerImpactKw: (one.powerImpactKw ?? 0) + kw,
      };
      expect(assessRisk(more).score).toBeGreaterThanOrEqual(assessRisk(one).score);
    }),
  );
});
