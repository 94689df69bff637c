import type { ActionType, ApprovalLevel, RiskAssessment, RiskFactor } from '../../contracts/api-advisor.ts';
import { type RiskTier, riskTiers } from '../../contracts/command.ts';

/** `[from, to]` points of a piecewise linear function; flat before the first and after the last. */
type Curve = readonly (readonly [number, number])[];

/**
 * How dangerous each action is by itself. `POWER_OFF=0.8`, `POWER_ON=0.2` (`000` §4.3), reboot 0.5 (`000` §5.3) and
 * curtail 0.6 (`001` §5.1) are documented; the others are placed between them.
 */
const actionWeights: Readonly<Record<ActionType, number>> = {
  power_off: 0.8,
  switch_pool: 0.7,
  curtail: 0.6,
  reboot: 0.5,
  adjust_frequency: 0.4,
  adjust_fan: 0.2,
  power_on: 0.2,
  restore: 0.2,
  manual_review: 0,
  alert_only: 0,
};

/**
 * `000` §4.3 gives the ends of each scale: 0.1 up to the first figure, 1.0 from the last. Between them we draw a straight
 * line, so that one more miner never jumps a level.
 */
export const targetCurve: Curve = [
  [5, 0.1],
  [100, 1],
];
export const powerKwCurve: Curve = [
  [100, 0.1],
  [5_000, 1],
];
export const revenuePctCurve: Curve = [
  [5, 0.1],
  [50, 1],
];

export const interpolate = (curve: Curve, x: number): number => {
  let before = curve[0] ?? [0, 0];
  for (const point of curve) {
    if (x <= point[0]) {
      const span = point[0] - before[0];
      return span === 0 ? point[1] : before[1] + ((x - before[0]) / span) * (point[1] - before[1]);
    }
    before = point;
  }
  return before[1];
};

type Weights = {
  readonly name: string;
  readonly action: number;
  readonly targets: number;
  readonly power: number;
  readonly revenue: number;
  readonly doubt: number;
  readonly pastFailures: number;
  readonly timeOfDay: number;
};

/** The two weight profiles; a changed weight is a new version. Each sums to 1. */
export const riskProfiles = {
  /** `000` §5.3. */
  fourInputs: {
    name: 'four-inputs-v1',
    action: 0.3,
    targets: 0.25,
    power: 0.2,
    revenue: 0,
    doubt: 0.25,
    pastFailures: 0,
    timeOfDay: 0,
  },
  /** `001` §5.1, where revenue, success rate or time of day is known. */
  sevenInputs: {
    name: 'seven-inputs-v1',
    action: 0.25,
    targets: 0.2,
    power: 0.15,
    revenue: 0.15,
    doubt: 0.1,
    pastFailures: 0.1,
    timeOfDay: 0.05,
  },
} as const satisfies Record<string, Weights>;

export const levelOfScore = (score: number): RiskTier =>
  score < 0.25 ? 'low' : score < 0.5 ? 'medium' : score < 0.75 ? 'high' : 'critical';

export const higherLevel = (a: RiskTier, b: RiskTier): RiskTier =>
  riskTiers.indexOf(a) >= riskTiers.indexOf(b) ? a : b;

/** Stopping a miner or sending its work elsewhere is never less than high, whatever the figures say. */
const floors: Partial<Record<ActionType, RiskTier>> = { power_off: 'high', switch_pool: 'high' };

export const approvalLevelOf: Readonly<Record<RiskTier, ApprovalLevel>> = {
  low: 'operator',
  medium: 'operator',
  high: 'manager',
  critical: 'admin',
};

export type RiskInput = {
  readonly actionType: ActionType;
  readonly targetCount: number;
  readonly powerImpactKw?: number | undefined;
  readonly revenueImpactPct?: number | undefined;
  readonly confidence?: number | undefined;
  readonly historicalSuccessRate?: number | undefined;
  readonly timeOfDayRisk?: number | undefined;
};

/**
 * Scores an action between 0 and 1 and gives the level that decides who must approve. Defaults as documented:
 * confidence 0.5, success rate 0.9, time of day 0. Source: `000` §4.3, §5.3, `001` §5.1; docs/risk.md.
 */
export const assessRisk = (input: RiskInput): RiskAssessment => {
  const { actionType, targetCount, powerImpactKw = 0, revenueImpactPct, confidence = 0.5 } = input;
  const { historicalSuccessRate = 0.9, timeOfDayRisk = 0 } = input;
  const known = [revenueImpactPct, input.historicalSuccessRate, input.timeOfDayRisk].some(
    (value) => value !== undefined,
  );
  const weights: Weights = known ? riskProfiles.sevenInputs : riskProfiles.fourInputs;
  const revenue = revenueImpactPct ?? 0;
  const parts = {
    action: actionWeights[actionType],
    targets: interpolate(targetCurve, targetCount),
    power: interpolate(powerKwCurve, powerImpactKw),
    revenue: interpolate(revenuePctCurve, revenue),
    doubt: 1 - confidence,
    pastFailures: 1 - historicalSuccessRate,
    timeOfDay: timeOfDayRisk,
  };
  let sum = 0;
  for (const key of Object.keys(parts) as (keyof typeof parts)[]) sum += parts[key] * weights[key];
  // Two decimals are what is shown; the level follows what is shown, so that 0.25 on the screen is never "low".
  const score = Math.min(1, Math.round(sum * 100 + 1e-9) / 100);
  const level = higherLevel(levelOfScore(score), floors[actionType] ?? 'low');
  const canAutoExecute = level === 'low';
  return {
    level,
    score,
    profile: weights.name,
    factors: describeFactors(
      {
        actionType,
        targetCount,
        powerImpactKw,
        revenue,
        known,
        confidence,
        historicalSuccessRate,
        timeOfDayRisk,
      },
      parts,
    ),
    can_auto_execute: canAutoExecute,
    require_approval: !canAutoExecute,
    approval_level: approvalLevelOf[level],
  };
};

type Shown = {
  readonly actionType: ActionType;
  readonly targetCount: number;
  readonly powerImpactKw: number;
  readonly revenue: number;
  readonly known: boolean;
  readonly confidence: number;
  readonly historicalSuccessRate: number;
  readonly timeOfDayRisk: number;
};

const rounded = (value: number) => Math.round(value * 1_000) / 1_000;
const pct = (value: number) => `${Math.round(value * 100)}%`;

const describeFactors = (shown: Shown, parts: Record<string, number>): RiskFactor[] => {
  const {
    actionType,
    targetCount,
    powerImpactKw,
    revenue,
    known,
    confidence,
    historicalSuccessRate,
    timeOfDayRisk,
  } = shown;
  const factor = (
    name: string,
    value: string | number,
    weight: number | undefined,
    en: string,
    zh: string,
  ): RiskFactor => ({
    factor: name,
    value,
    weight: rounded(weight ?? 0),
    description_en: en,
    description_zh: zh,
  });
  const devices = targetCount === 1 ? '1 device affected' : `${targetCount} devices affected`;
  const kw = rounded(powerImpactKw);
  const base = [
    factor(
      'action_type',
      actionType,
      parts.action,
      `Action type '${actionType}' risk weight`,
      `操作类型 '${actionType}' 风险权重`,
    ),
    factor('target_count', targetCount, parts.targets, devices, `影响 ${targetCount} 台设备`),
    factor('power_impact', kw, parts.power, `${kw} kW power impact`, `功率影响 ${kw} kW`),
  ];
  const doubt = factor(
    'confidence',
    confidence,
    parts.doubt,
    `${pct(confidence)} confidence in the diagnosis`,
    `诊断置信度 ${pct(confidence)}`,
  );
  if (!known) return [...base, doubt];
  return [
    ...base,
    factor(
      'revenue_impact',
      rounded(revenue),
      parts.revenue,
      `${revenue.toFixed(1)}% revenue impact`,
      `收益影响 ${revenue.toFixed(1)}%`,
    ),
    doubt,
    factor(
      'historical_success',
      historicalSuccessRate,
      parts.pastFailures,
      `${pct(historicalSuccessRate)} of such actions worked`,
      `此类操作历史成功率 ${pct(historicalSuccessRate)}`,
    ),
    factor(
      'time_of_day',
      timeOfDayRisk,
      parts.timeOfDay,
      `Time of day risk ${timeOfDayRisk}`,
      `时段风险 ${timeOfDayRisk}`,
    ),
  ];
};
