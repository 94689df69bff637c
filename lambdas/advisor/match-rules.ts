import type { ActionType, Rule, RuleConditions } from '../../contracts/api-advisor.ts';
import { type RiskTier, riskTiers } from '../../contracts/command.ts';

export type RuleQuestion = {
  readonly actionType: ActionType;
  readonly riskLevel: RiskTier;
  readonly confidence: number;
  readonly targetCount: number;
  readonly powerImpactKw: number;
  readonly atMs: number;
};

/**
 * The first active rule, by id, whose conditions all hold. A rule that does not say how much risk it allows allows
 * low; none can allow more than medium (`001` §5.7). Pure.
 */
export const matchRule = (rules: readonly Rule[], question: RuleQuestion): Rule | undefined =>
  rules.toSorted((a, b) => a.id - b.id).find((rule) => rule.is_active && allows(rule.conditions, question));

const allows = (
  conditions: RuleConditions,
  { actionType, riskLevel, confidence, targetCount, powerImpactKw, atMs }: RuleQuestion,
) => {
  const {
    max_risk_level = 'low',
    min_confidence,
    allowed_actions,
    max_targets,
    max_power_impact_kw,
    allowed_time_windows,
  } = conditions;
  return (
    riskTiers.indexOf(riskLevel) <= riskTiers.indexOf(max_risk_level) &&
    (min_confidence === undefined || confidence >= min_confidence) &&
    (allowed_actions === undefined || allowed_actions.includes(actionType)) &&
    (max_targets === undefined || targetCount <= max_targets) &&
    (max_power_impact_kw === undefined || powerImpactKw <= max_power_impact_kw) &&
    (allowed_time_windows === undefined || allowed_time_windows.some((window) => isWithin(window, atMs)))
  );
};

const minutesOf = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

const isWithin = ({ start, end }: { readonly start: string; readonly end: string }, atMs: number) => {
  const at = new Date(atMs);
  const minute = at.getUTCHours() * 60 + at.getUTCMinutes();
  const [from, to] = [minutesOf(start), minutesOf(end)];
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
};
