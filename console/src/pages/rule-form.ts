import type { ActionType, RuleConditions } from '../../../contracts/api-advisor.ts';
import type { Messages } from '../i18n/en.ts';

/** A rule as it stands in the form; an empty text is a condition that is not stated. */
export type RuleDraft = {
  readonly name: string;
  readonly description: string;
  readonly maxRisk: 'low' | 'medium' | '';
  readonly minConfidencePct: string;
  readonly maxTargets: string;
  readonly maxPowerKw: string;
  readonly actions: readonly ActionType[];
};

const textOf = (value: number | undefined) => (value === undefined ? '' : String(value));

export const draftOf = (rule?: {
  name: string;
  description: string;
  conditions: RuleConditions;
}): RuleDraft => ({
  name: rule?.name ?? '',
  description: rule?.description ?? '',
  maxRisk: rule ? (rule.conditions.max_risk_level ?? '') : 'low',
  minConfidencePct:
    rule?.conditions.min_confidence === undefined
      ? ''
      : String(Math.round(rule.conditions.min_confidence * 1_000) / 10),
  maxTargets: textOf(rule?.conditions.max_targets),
  maxPowerKw: textOf(rule?.conditions.max_power_impact_kw),
  actions: rule?.conditions.allowed_actions ?? [],
});

export const limits = {
  minConfidencePct: { least: 0, most: 100, whole: false },
  maxTargets: { least: 1, most: 500, whole: true },
  maxPowerKw: { least: 0, most: 1_000_000, whole: false },
} as const;
export type LimitedField = keyof typeof limits;

/** True where the text is empty or a number within the field's limits. */
export const isWithin = (field: LimitedField, text: string) => {
  if (text.trim() === '') return true;
  const { least, most, whole } = limits[field];
  const value = Number(text);
  return Number.isFinite(value) && value >= least && value <= most && (!whole || Number.isInteger(value));
};

/** The conditions of a draft whose fields are all within their limits; time windows stay as they were. */
export const conditionsOf = (
  draft: RuleDraft,
  windows: RuleConditions['allowed_time_windows'],
): RuleConditions => {
  const number = (text: string) => (text.trim() === '' ? undefined : Number(text));
  const confidencePct = number(draft.minConfidencePct);
  const maxTargets = number(draft.maxTargets);
  const maxPowerKw = number(draft.maxPowerKw);
  return {
    ...(draft.maxRisk && { max_risk_level: draft.maxRisk }),
    ...(confidencePct !== undefined && { min_confidence: confidencePct / 100 }),
    ...(draft.actions.length > 0 && { allowed_actions: [...draft.actions] }),
    ...(maxTargets !== undefined && { max_targets: maxTargets }),
    ...(maxPowerKw !== undefined && { max_power_impact_kw: maxPowerKw }),
    ...(windows && { allowed_time_windows: windows }),
  };
};

/** Conditions in a few words each. */
export const describeConditions = (
  { rules: texts, risk, action }: Pick<Messages, 'rules' | 'risk' | 'action'>,
  conditions: RuleConditions,
): string[] => {
  const { max_risk_level, min_confidence, allowed_actions, max_targets, max_power_impact_kw } = conditions;
  const windows = conditions.allowed_time_windows?.map(({ start, end }) => `${start}–${end}`).join(', ');
  return [
    ...(max_risk_level ? [`${texts.maxRisk}: ${risk[max_risk_level]}`] : []),
    ...(min_confidence === undefined ? [] : [`${texts.minConfidence}: ${Math.round(min_confidence * 100)}`]),
    `${texts.actions}: ${allowed_actions?.map((one) => action[one]).join(', ') ?? texts.anyAction}`,
    ...(max_targets === undefined ? [] : [`${texts.maxTargets}: ${max_targets}`]),
    ...(max_power_impact_kw === undefined ? [] : [`${texts.maxPower}: ${max_power_impact_kw}`]),
    ...(windows ? [texts.windows(windows)] : []),
  ];
};
