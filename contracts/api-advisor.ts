import * as z from 'zod';
import { alertKinds, severities } from './alert.ts';
import { riskTiers } from './command.ts';
import { minerId, siteId, siteIdText, utcTime, zoneId } from './identifiers.ts';
import { text } from './text.ts';

/**
 * The advisor's API: `001` §3, §4.1, §4.2, §5.1 to §5.10, and the loop timeline of docs/decisions/0001.
 * Texts answer in the language of `Accept-Language`: Chinese where it begins with `zh`, else English.
 */
export const recommendationStatuses = [
  'pending',
  'approved',
  'rejected',
  'executing',
  'completed',
  'failed',
  'expired',
] as const;
export type RecommendationStatus = (typeof recommendationStatuses)[number];

export const actionTypes = [
  'reboot',
  'power_off',
  'power_on',
  'adjust_frequency',
  'adjust_fan',
  'switch_pool',
  'curtail',
  'restore',
  'alert_only',
  'manual_review',
] as const;
export type ActionType = (typeof actionTypes)[number];

export const triggerTypes = ['alert', 'anomaly', 'schedule', 'user_request'] as const;
export const feedbackTypes = ['execution_result', 'user_review', 'automated_check'] as const;
export const feedbackOutcomes = ['resolved', 'partially_resolved', 'failed'] as const;
export const urgencies = ['low', 'medium', 'high', 'critical'] as const;
export const approvalLevels = ['operator', 'manager', 'admin'] as const;
export type ApprovalLevel = (typeof approvalLevels)[number];

const jsonObject = z.record(z.string().max(64), z.json());

const maxAttachmentLevels = 8;
const maxAttachmentLength = 16 * 1024;
const isShallow = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1)));

/** What a caller may say in its own words, bounded so that a table's item and an event can hold it. */
const attachment = z
  .record(z.string(), z.unknown())
  .refine(
    (value) => isShallow(value, maxAttachmentLevels) && JSON.stringify(value).length <= maxAttachmentLength,
    `must be at most ${maxAttachmentLength / 1024} KB of JSON, nested at most ${maxAttachmentLevels} levels`,
  )
  .pipe(jsonObject);
const fraction = z.number().min(0).max(1);
const targets = z.array(minerId).max(500);
const rating = z.int().min(1).max(5);
const comment = z.string().trim().max(1_000);
/** A count in a query string; more than the maximum is the maximum. */
const limitText = (byDefault: number, most: number) =>
  z
    .string()
    .regex(/^[1-9][0-9]{0,5}$/, 'must be a positive integer')
    .transform((value) => Math.min(Number(value), most))
    .default(byDefault);

// Requests

export const listRecommendationsQuery = z.object({
  site_id: siteIdText.optional(),
  status: z.enum(recommendationStatuses).optional(),
  limit: limitText(50, 200),
});

export const listAutoRecommendationsQuery = z.object({
  site_id: siteIdText.optional(),
  status: z.enum(['pending', 'approved', 'all']).default('pending'),
  limit: limitText(50, 200),
});

export const createRecommendationBody = z.object({
  site_id: siteId,
  trigger_type: z.enum(triggerTypes),
  trigger_id: z.string().min(1).max(128).optional(),
  trigger_data: attachment.optional(),
  diagnosis: z.object({
    root_cause: z.string().trim().min(1).max(500),
    evidence: z.array(z.string().max(500)).max(20),
    confidence: fraction,
  }),
  action_type: z.enum(actionTypes),
  action_params: attachment.optional(),
  target_ids: targets.optional(),
  /** The caller's own estimate. The assessed level stands where it is higher; it is never lowered by the caller. */
  risk_level: z.enum(riskTiers).default('medium'),
  confidence_score: fraction.optional(),
  priority: z.int().min(1).max(10).default(5),
  expected_benefit: attachment.optional(),
});

export const recommendationParams = z.object({ recommendation_id: z.string().min(1).max(128) });
export const approveBody = z.object({ reason: comment.optional() });
export const rejectBody = z.object({ reason: z.string().trim().min(1).max(1_000) });

export const feedbackBody = z.object({
  feedback_type: z.enum(feedbackTypes),
  was_effective: z.boolean().optional(),
  outcome_metrics: attachment.optional(),
  user_rating: rating.optional(),
  user_comment: comment.optional(),
  side_effects: attachment.optional(),
  /** The fields that `000` §7.2 has besides. */
  outcome: z.enum(feedbackOutcomes).optional(),
  accuracy_rating: rating.optional(),
  usefulness_rating: rating.optional(),
});

export const siteQuery = z.object({ site_id: siteIdText });

export const diagnoseAlertBody = z.object({
  site_id: siteId,
  miner_id: minerId,
  /** One of the alert kinds, or a documented synonym (`high_temperature`, `temperature`, `hashrate`, `power`, `fan`). */
  alert_type: z.string().min(1).max(64),
  alert_id: z.string().min(1).max(128).optional(),
});

export const diagnoseBatchBody = z.object({
  site_id: siteId,
  alert_type: z.string().min(1).max(64),
  miner_ids: z.array(minerId).min(1).max(100),
});

export const assessRiskBody = z.object({
  action_type: z.enum(actionTypes),
  target_ids: targets.optional(),
  power_impact_kw: z.number().nonnegative().optional(),
  revenue_impact_pct: z.number().min(0).max(100).optional(),
  confidence_score: fraction.optional(),
  historical_success_rate: fraction.optional(),
  time_of_day_risk: fraction.optional(),
});

const clockTime = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'must be HH:MM in UTC');

/** All stated conditions must hold. The first four are of `001` §5.7, the others of `000` §7.2. */
export const ruleConditions = z.strictObject({
  max_risk_level: z.enum(['low', 'medium']).optional(),
  min_confidence: fraction.optional(),
  allowed_actions: z.array(z.enum(actionTypes)).max(actionTypes.length).optional(),
  max_targets: z.int().min(1).max(500).optional(),
  max_power_impact_kw: z.number().nonnegative().optional(),
  /** UTC; a window whose end lies before its start runs over midnight. */
  allowed_time_windows: z
    .array(z.strictObject({ start: clockTime, end: clockTime }))
    .max(14)
    .optional(),
});
export type RuleConditions = z.infer<typeof ruleConditions>;

export const createRuleBody = z.object({
  site_id: siteId,
  name: z.string().trim().min(1).max(120),
  description: z.string().trim().max(500).optional(),
  conditions: ruleConditions,
});

export const updateRuleBody = z.object({
  name: z.string().trim().min(1).max(120).optional(),
  description: z.string().trim().max(500).optional(),
  conditions: ruleConditions.optional(),
  is_active: z.boolean().optional(),
});

export const ruleParams = z.object({
  rule_id: z
    .string()
    .regex(/^[1-9][0-9]{0,8}$/, 'must be a positive integer')
    .transform(Number),
});
export const executeApprovedBody = z.object({ site_id: siteId.optional() });
export const listLoopsQuery = z.object({ site_id: siteIdText, limit: limitText(50, 200) });

// Answers

export const riskFactor = z.object({
  factor: z.string(),
  value: z.union([z.string(), z.number()]),
  weight: z.number(),
  description_en: z.string(),
  description_zh: z.string(),
});
export type RiskFactor = z.infer<typeof riskFactor>;

/** A vote of one person on a recommendation that needs one or two. */
export const vote = z.object({
  user_id: z.int(),
  name: z.string(),
  at: utcTime,
  reason: z.string().nullable(),
});

export const recommendation = z.object({
  id: z.string(),
  site_id: siteId,
  trigger: z.object({ type: z.enum(triggerTypes), id: z.string().nullable(), data: jsonObject.nullable() }),
  diagnosis: z.object({ root_cause: z.string(), evidence: z.array(z.string()), confidence: fraction }),
  action: z.object({
    type: z.enum(actionTypes),
    params: jsonObject,
    target_ids: z.array(z.string()),
    /** What is to be done, in a sentence; only where the advisor itself proposed it. */
    description: z.string().optional(),
  }),
  risk: z.object({
    level: z.enum(riskTiers),
    confidence: fraction,
    priority: z.int(),
    score: fraction,
    profile: z.string(),
    factors: z.array(riskFactor),
  }),
  expected_benefit: jsonObject.nullable(),
  status: z.enum(recommendationStatuses),
  /** Why it failed or expired: `no_effect`, `worse`, `inconclusive`, `command_failed`, `timeout`, `superseded`, ... */
  status_reason: z.string().nullable(),
  created_at: utcTime,
  expires_at: utcTime,
  /** `user:5` or `ai:closed-loop`. */
  created_by: z.string(),
  /** The alert or incident whose loop this belongs to. */
  correlation_id: z.string().nullable(),
  approval: z.object({
    required: z.boolean(),
    level: z.enum(approvalLevels),
    votes_needed: z.int(),
    votes: z.array(vote),
    /** The level that one of the voters must have and none has yet. */
    missing_level: z.enum(approvalLevels).nullable(),
    /** The user whose vote completed the approval; null while pending, and where a rule approved. */
    approved_by: z.int().nullable(),
    approved_by_rule: z.int().nullable(),
    approved_at: utcTime.nullable(),
    reason: z.string().nullable(),
  }),
  rejection: z.object({ rejected_by: z.int(), rejected_at: utcTime, reason: z.string() }).optional(),
  execution: z
    .object({
      command_id: z.string().nullable(),
      command_ids: z.array(z.string()),
      started_at: utcTime,
      completed_at: utcTime.nullable(),
      result: jsonObject.nullable(),
    })
    .optional(),
  learning: z
    .object({
      effectiveness_score: fraction,
      verdict: z.enum(['effective', 'no_effect', 'worse', 'inconclusive']).nullable(),
      evidence: z.array(z.string()),
      feedback: jsonObject.nullable(),
    })
    .optional(),
});
export type Recommendation = z.infer<typeof recommendation>;

export const recommendationAnswer = z.object({ success: z.literal(true), recommendation });
export const recommendationList = z.object({ recommendations: z.array(recommendation), count: z.int() });
export const autoRecommendationList = z.object({
  success: z.literal(true),
  recommendations: z.array(recommendation),
  count: z.int(),
});

export const feedback = z.object({
  id: z.string(),
  recommendation_id: z.string(),
  feedback_type: z.enum(feedbackTypes),
  was_effective: z.boolean().optional(),
  outcome_metrics: jsonObject.optional(),
  user_rating: rating.optional(),
  user_comment: z.string().optional(),
  side_effects: jsonObject.optional(),
  outcome: z.enum(feedbackOutcomes).optional(),
  accuracy_rating: rating.optional(),
  usefulness_rating: rating.optional(),
  user_id: z.int().nullable(),
  created_at: utcTime,
});
export type Feedback = z.infer<typeof feedback>;

export const recommendationDetail = z.object({ recommendation, feedback: z.array(feedback) });
export const feedbackAnswer = z.object({ success: z.literal(true), feedback });

export const executionAnswer = z.object({
  success: z.literal(true),
  recommendation_id: z.string(),
  command_id: z.string(),
  command_ids: z.array(z.string()),
  status: z.enum(recommendationStatuses),
});

export const learningStats = z.object({
  site_id: siteId,
  total_recommendations: z.int(),
  approved_count: z.int(),
  rejected_count: z.int(),
  executed_count: z.int(),
  /** Of the executed and verified ones, how many were effective; null before the first. */
  success_rate: fraction.nullable(),
  average_effectiveness: fraction.nullable(),
  feedback_count: z.int(),
  last_updated: utcTime.nullable(),
});

export const hypothesis = z.object({
  rank: z.int().min(1).max(3),
  /** The cause's stable name, such as `dead_fan`; `cause` is its text. */
  cause_code: z.string(),
  cause: z.string(),
  confidence: fraction,
  evidence: z.array(z.string()),
  suggested_action: z.object({
    type: z.enum(actionTypes),
    params: jsonObject.optional(),
    description: z.string(),
  }),
});

const diagnosisBody = z.object({
  hypotheses: z.array(hypothesis),
  summary: z.string(),
  urgency: z.enum(urgencies),
  /** False where the best hypothesis stays below the stated confidence: the system says that it cannot tell. */
  can_tell: z.boolean(),
  diagnosed_at: utcTime,
});
export const diagnosisAnswer = z.object({
  success: z.literal(true),
  diagnosis: diagnosisBody.extend({ miner_id: z.string(), alert_type: z.string() }),
});
/** A miner that the site does not have, or that never reported, is missing among `diagnoses` and named in `errors`. */
export const diagnosesAnswer = z.object({
  success: z.literal(true),
  diagnoses: z.record(z.string(), diagnosisBody),
  count: z.int(),
  errors: z.record(z.string(), z.string()).optional(),
});

export const riskAssessment = z.object({
  level: z.enum(riskTiers),
  score: fraction,
  /** The weights that gave the score: name and version. */
  profile: z.string(),
  factors: z.array(riskFactor),
  can_auto_execute: z.boolean(),
  require_approval: z.boolean(),
  approval_level: z.enum(approvalLevels),
});
export type RiskAssessment = z.infer<typeof riskAssessment>;
export const riskAnswer = z.object({ success: z.literal(true), risk_assessment: riskAssessment });

export const rule = z.object({
  id: z.int().positive(),
  site_id: siteId,
  name: z.string(),
  description: z.string(),
  conditions: ruleConditions,
  is_active: z.boolean(),
  created_at: utcTime,
  updated_at: utcTime,
});
export type Rule = z.infer<typeof rule>;
export const ruleList = z.object({ success: z.literal(true), rules: z.array(rule), count: z.int() });
export const ruleAnswer = z.object({ success: z.literal(true), rule });
export const ruleDeactivated = z.object({ success: z.literal(true), message: z.literal('Rule deactivated') });

export const executeApprovedAnswer = z.object({
  success: z.literal(true),
  results: z.array(
    z.union([
      z.object({ recommendation_id: z.string(), success: z.literal(true), command_id: z.string() }),
      z.object({ recommendation_id: z.string(), success: z.literal(false), error: z.string() }),
    ]),
  ),
  executed_count: z.int(),
  failed_count: z.int(),
});

export const loopSteps = [
  'detect',
  'diagnose',
  'recommend',
  'assess',
  'approve',
  'dispatch',
  'acknowledge',
  'verify',
  'audit',
  'learn',
] as const;
export type LoopStep = (typeof loopSteps)[number];

export const loopStatuses = [
  'running',
  'awaiting_approval',
  'executing',
  'effective',
  'no_effect',
  'rejected',
  'expired',
  'failed',
  'manual_review',
  /** Another open recommendation, or an incident, already deals with the miner. */
  'covered',
] as const;
export type LoopStatus = (typeof loopStatuses)[number];

/** One story from reading to learning; its id is the alert's or incident's. Steps are those reached, in their order. */
export const loop = z.object({
  loop_id: z.string(),
  site_id: siteId,
  kind: z.enum(alertKinds),
  severity: z.enum(severities),
  miner_ids: z.array(minerId),
  zone_id: zoneId,
  alert_id: z.string().optional(),
  incident_id: z.string().optional(),
  recommendation_id: z.string().optional(),
  command_ids: z.array(z.string()),
  status: z.enum(loopStatuses),
  batch_received_at: utcTime,
  steps: z.array(z.object({ step: z.enum(loopSteps), at: utcTime, note: text })),
});
export type Loop = z.infer<typeof loop>;
export const loopList = z.object({ loops: z.array(loop), count: z.int() });
