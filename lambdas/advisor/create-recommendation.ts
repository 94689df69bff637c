import { createHash } from 'node:crypto';
import { commandTiers, type RiskTier } from '../../contracts/command.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { approvalLevelOf, assessRisk, higherLevel } from './assess-risk.ts';
import { type Actor, type ChangeDeps, recommendationEvent } from './change-recommendation.ts';
import { requireNotSuperseded } from './loop-repository.ts';
import { matchRule } from './match-rules.ts';
import { isAdviceOnly, planAction } from './plan-action.ts';
import type { Recommendation } from './recommendation.ts';
import {
  holdMiners,
  putAdvisedSite,
  putRecommendation,
  readRecommendation,
} from './recommendation-repository.ts';
import { listRules, requireRule } from './rule-repository.ts';
import { countItem, readStats } from './stats-repository.ts';

export type Draft = Pick<
  Recommendation,
  | 'id'
  | 'tenantId'
  | 'siteId'
  | 'createdBy'
  | 'loopId'
  | 'trigger'
  | 'diagnosis'
  | 'action'
  | 'priority'
  | 'expectedBenefit'
  | 'draftedAtMs'
> & {
  readonly confidence: number;
  /** What the action touches, from live readings. */
  readonly impact: { readonly powerKw: number; readonly revenuePct: number };
  /** The requester's own estimate; it can only raise the level. */
  readonly leastLevel?: RiskTier | undefined;
};

export type Created =
  | { readonly outcome: 'created' | 'existed'; readonly recommendation: Recommendation }
  /** An incident took the alert over, or open recommendations cover every miner of it. */
  | { readonly outcome: 'superseded' | 'covered' };

export type CreateDeps = ChangeDeps & { readonly approvalTtlMs: number };

/** The same loop always has the same recommendation, so a repeated task makes no second one. */
export const recommendationIdOf = (loopId: string): string => {
  const hex = createHash('sha256').update(`recommendation of ${loopId}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

const attempts = 100;

/**
 * Assesses the risk, asks the site's auto-approve rules, and puts the recommendation on record: pending, or approved by
 * a rule. A loop's recommendation holds its miners; miners that another open one holds are left to that one.
 * `validation_failed` where the action lacks a parameter.
 */
export const createRecommendation =
  (deps: CreateDeps) =>
  async (draft: Draft, actor: Actor): Promise<Result<Created>> => {
    const plan = planAction(draft.action.type, draft.action.params);
    if (!plan.ok) return plan;
    const orderTier = plan.value ? commandTiers[plan.value.type] : 'low';
    const stats = await readStats(deps)(draft.tenantId, draft.siteId);
    let targetIds = draft.action.targetIds;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const assessed = assessRisk({
        actionType: draft.action.type,
        targetCount: targetIds.length,
        powerImpactKw: draft.impact.powerKw,
        revenueImpactPct: draft.impact.revenuePct,
        confidence: draft.confidence,
        historicalSuccessRate: stats.successRate(draft.action.type),
      });
      // Control asks for two people behind every order of its high tier, whatever the score says.
      const level = higherLevel(
        higherLevel(assessed.level, draft.leastLevel ?? 'low'),
        orderTier === 'high' ? 'high' : 'low',
      );
      const automatic = level === 'low';
      const risk = {
        ...assessed,
        level,
        can_auto_execute: automatic,
        require_approval: !automatic,
        approval_level: approvalLevelOf[level],
      };
      const nowMs = deps.clock.nowMs();
      const rules = isAdviceOnly(draft.action.type)
        ? []
        : await listRules(deps)(draft.tenantId, draft.siteId);
      const question = {
        actionType: draft.action.type,
        riskLevel: level,
        confidence: draft.confidence,
        targetCount: targetIds.length,
        powerImpactKw: draft.impact.powerKw,
        atMs: nowMs,
      };
      const rule = matchRule(
        rules.map((one) => one.rule),
        question,
      );
      const storedRule = rules.find((one) => one.rule.id === rule?.id);
      const { confidence: _, impact: __, leastLevel: ___, ...kept } = draft;
      const recommendation: Recommendation = {
        ...kept,
        action: { ...draft.action, targetIds },
        risk,
        version: 1,
        status: rule ? 'approved' : 'pending',
        createdAtMs: nowMs,
        expiresAtMs: nowMs + deps.approvalTtlMs,
        votes: [],
        ...(rule && { approvedByRule: rule.id, approvedAtMs: nowMs }),
      };
      const holds =
        draft.loopId === undefined || isAdviceOnly(draft.action.type)
          ? []
          : holdMiners(deps.advisorTable, recommendation);
      const head = [
        putRecommendation(deps.advisorTable, recommendation),
        ...(storedRule ? [requireRule(deps.advisorTable, draft.tenantId, storedRule)] : []),
        ...(draft.loopId === undefined ? [] : [requireNotSuperseded(deps.advisorTable, draft.loopId)]),
      ];
      const items = [
        ...head,
        ...holds,
        putAdvisedSite(deps.advisorTable, recommendation),
        countItem(deps.advisorTable, recommendation, { created: 1, ...(rule && { approved: 1 }) }, nowMs),
      ];
      const result = await deps.commit(items, eventsOf(recommendation, actor));
      if (result.ok) return succeed({ outcome: 'created', recommendation });
      if (result.conflict === 0) {
        const existing = await readRecommendation(deps)(draft.id);
        if (!existing) throw new Error(`Recommendation ${draft.id} was refused and is not there`);
        return succeed({ outcome: 'existed', recommendation: existing });
      }
      if (storedRule && result.conflict === 1) continue;
      if (result.conflict < head.length) return succeed({ outcome: 'superseded' });
      const held = targetIds[result.conflict - head.length];
      if (held === undefined)
        throw new Error(`Item ${result.conflict} of recommendation ${draft.id} was refused`);
      targetIds = targetIds.filter((minerId) => minerId !== held);
      if (targetIds.length === 0) return succeed({ outcome: 'covered' });
    }
    return fail('conflict', 'The recommendation stayed contended');
  };

const eventsOf = (recommendation: Recommendation, actor: Actor) => {
  const { id, action, risk, status, approvedByRule } = recommendation;
  const created = recommendationEvent(recommendation, actor, 'advisor.recommendation.created', {
    recommendation_id: id,
    action_type: action.type,
    target_ids: [...action.targetIds],
    risk_level: risk.level,
    status,
  });
  if (approvedByRule === undefined) return [created];
  const approver = `rule:${approvedByRule}`;
  const approved = recommendationEvent(
    recommendation,
    { actor_type: 'system', actor_id: approver },
    'advisor.recommendation.approved',
    {
      recommendation_id: id,
      approvers: [approver],
    },
  );
  return [created, approved];
};
