import type * as api from '../../contracts/api-advisor.ts';
import { type Language, text } from '../../contracts/text.ts';
import { toUtc } from '../shared/clock.ts';
import { tally } from './decide.ts';
import type { Diagnosis } from './diagnose.ts';
import type { Json } from './json.ts';
import type { Recommendation, SomeText } from './recommendation.ts';

const inLanguage = (language: Language) => (some: SomeText) =>
  typeof some === 'string' ? some : some[language];

/** Texts of ours inside a caller's JSON object come out in the asked language; everything else as it was given. */
const localised = (language: Language, given: Json | undefined): Json | null =>
  given === undefined
    ? null
    : Object.fromEntries(
        Object.entries(given).map(([key, value]) => {
          const parsed = text.safeParse(value);
          return [key, parsed.success ? parsed.data[language] : value];
        }),
      );

/** A recommendation as `001` §3.1 to §3.6 show it. Task tokens are not part of it and never reach this place. */
export const presentRecommendation =
  (language: Language) =>
  (one: Recommendation): api.Recommendation => {
    const say = inLanguage(language);
    const { needed, missingLevel } = tally(one);
    const last = one.votes.at(-1);
    const decided = one.approvedAtMs !== undefined;
    return {
      id: one.id,
      site_id: one.siteId,
      trigger: { type: one.trigger.type, id: one.trigger.id ?? null, data: one.trigger.data ?? null },
      diagnosis: {
        root_cause: say(one.diagnosis.rootCause),
        evidence: one.diagnosis.evidence.map(say),
        confidence: one.diagnosis.confidence,
      },
      action: {
        type: one.action.type,
        params: hidePasswords(one.action.params),
        target_ids: [...one.action.targetIds],
        ...(one.action.description && { description: say(one.action.description) }),
      },
      risk: {
        level: one.risk.level,
        confidence: one.diagnosis.confidence,
        priority: one.priority,
        score: one.risk.score,
        profile: one.risk.profile,
        factors: one.risk.factors,
      },
      expected_benefit: localised(language, one.expectedBenefit),
      status: one.status,
      status_reason: one.statusReason ?? null,
      created_at: toUtc(one.createdAtMs),
      expires_at: toUtc(one.expiresAtMs),
      created_by: one.createdBy,
      correlation_id: one.loopId ?? null,
      approval: {
        required: one.approvedByRule === undefined,
        level: one.risk.approval_level,
        votes_needed: needed,
        votes: one.votes.map(({ userId, name, atMs, reason }) => ({
          user_id: userId,
          name,
          at: toUtc(atMs),
          reason: reason ?? null,
        })),
        missing_level: decided ? null : (missingLevel ?? null),
        approved_by: decided && one.approvedByRule === undefined ? (last?.userId ?? null) : null,
        approved_by_rule: one.approvedByRule ?? null,
        approved_at: one.approvedAtMs === undefined ? null : toUtc(one.approvedAtMs),
        reason: decided ? (last?.reason ?? null) : null,
      },
      ...(one.rejection && {
        rejection: {
          rejected_by: one.rejection.userId,
          rejected_at: toUtc(one.rejection.atMs),
          reason: one.rejection.reason,
        },
      }),
      ...(one.execution && {
        execution: {
          command_id: one.execution.commandIds[0] ?? null,
          command_ids: [...one.execution.commandIds],
          started_at: toUtc(one.execution.startedAtMs),
          completed_at: one.execution.completedAtMs === undefined ? null : toUtc(one.execution.completedAtMs),
          result: one.execution.result ?? null,
        },
      }),
      ...(one.learning && {
        learning: {
          effectiveness_score: one.learning.score,
          verdict: one.learning.verdict,
          evidence: one.learning.evidence.map(say),
          feedback: null,
        },
      }),
    };
  };

/** A pool's password is somebody's secret even where it is only "x". */
const hidePasswords = (params: Json): Json => {
  if (!Array.isArray(params.pools)) return params;
  const pools = params.pools.map((pool) =>
    pool !== null && typeof pool === 'object' && !Array.isArray(pool)
      ? Object.fromEntries(
          Object.entries(pool).filter(([key]) => key !== 'password' && key !== 'sealedPasswords'),
        )
      : pool,
  );
  return { ...params, pools };
};

/** A diagnosis as `001` §4.1 and §4.2 show it. */
export const presentDiagnosis = (language: Language, diagnosedAtMs: number) => (one: Diagnosis) => {
  const say = inLanguage(language);
  return {
    hypotheses: one.hypotheses.map(({ rank, code, cause, confidence, evidence, action }) => ({
      rank,
      cause_code: code,
      cause: say(cause),
      confidence,
      evidence: evidence.map(say),
      suggested_action: {
        type: action.type,
        ...(action.params && { params: action.params }),
        description: say(action.description),
      },
    })),
    summary: say(one.summary),
    urgency: one.urgency,
    can_tell: one.canTell,
    diagnosed_at: toUtc(diagnosedAtMs),
  };
};
