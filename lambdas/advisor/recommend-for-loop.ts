import type { ActionType } from '../../contracts/api-advisor.ts';
import type { Text } from '../../contracts/text.ts';
import { text } from '../../contracts/text.ts';
import type { Result } from '../shared/result.ts';
import { theLoop } from './change-recommendation.ts';
import {
  type CreateDeps,
  type Created,
  createRecommendation,
  type Draft,
  recommendationIdOf,
} from './create-recommendation.ts';
import { manualReview } from './diagnose.ts';
import { type LoopDiagnosis, readDiagnosis } from './diagnose-loop.ts';
import { changeLoop, readLoop } from './loop-repository.ts';
import { isAdviceOnly, planAction } from './plan-action.ts';

const priorityOf = { critical: 1, high: 2, medium: 4, low: 7 } as const;

/** How many targets one recommendation of the loop has at most; a transaction holds 100 items. */
const mostTargets = 60;

/**
 * The loop's second step: makes one recommendation of its diagnosis. Where the diagnosis cannot tell, or its action
 * lacks what only a person knows (a backup pool), that is a manual review.
 */
export const recommendForLoop =
  (deps: CreateDeps) =>
  async (loopId: string): Promise<Result<Created>> => {
    const [loop, diagnosis] = await Promise.all([readLoop(deps)(loopId), readDiagnosis(deps)(loopId)]);
    if (!loop || !diagnosis) throw new Error(`Loop ${loopId} has no diagnosis`);
    const draftedAtMs = deps.clock.nowMs();
    const best = diagnosis.hypotheses[0];
    const action = chooseAction(diagnosis);
    const draft: Draft = {
      id: recommendationIdOf(loopId),
      tenantId: loop.tenantId,
      siteId: loop.site_id,
      createdBy: `${theLoop.actor_type}:${theLoop.actor_id}`,
      loopId,
      trigger: {
        type: 'alert',
        id: loopId,
        data: { kind: loop.kind, severity: loop.severity, zone_id: loop.zone_id },
      },
      diagnosis: {
        rootCause: diagnosis.canTell && best ? best.cause : diagnosis.summary,
        evidence: best?.evidence ?? [],
        confidence: best?.confidence ?? 0,
      },
      action: {
        type: action.type,
        params: action.params ?? {},
        targetIds: loop.miner_ids.slice(0, mostTargets),
        description: action.description,
      },
      priority: priorityOf[diagnosis.urgency],
      expectedBenefit: benefitOf(action.type, diagnosis.lostPct),
      draftedAtMs,
      confidence: best?.confidence ?? 0,
      impact: diagnosis.impact,
    };
    const created = await createRecommendation(deps)(draft, theLoop);
    if (created.ok && 'recommendation' in created.value) {
      const { recommendation } = created.value;
      await changeLoop(deps)(loopId, {
        recommendationId: recommendation.id,
        ...(isAdviceOnly(recommendation.action.type) && { status: 'manual_review' as const }),
      });
    } else await changeLoop(deps)(loopId, { status: 'covered' });
    return created;
  };

const chooseAction = ({
  canTell,
  hypotheses,
}: LoopDiagnosis): LoopDiagnosis['hypotheses'][number]['action'] => {
  const best = hypotheses[0];
  if (!canTell || !best) return manualReview;
  if (planAction(best.action.type, best.action.params ?? {}).ok) return best.action;
  return { type: 'manual_review', description: best.action.description };
};

const regains: readonly ActionType[] = ['reboot', 'restore', 'power_on', 'adjust_fan', 'switch_pool'];

const benefitOf = (type: ActionType, lostPct: number) => {
  const pct = regains.includes(type) ? lostPct : 0;
  const description: Text =
    pct > 0
      ? { en: `Brings back up to ${pct}% of the rated hashrate`, zh: `最多恢复额定算力的 ${pct}%` }
      : type === 'power_off' || type === 'curtail'
        ? { en: 'Keeps the chips from being damaged by heat', zh: '避免芯片因过热受损' }
        : { en: 'A person finds out what the readings do not tell', zh: '由人工查明读数无法说明的原因' };
  return { description: text.parse(description), estimated_improvement_pct: pct };
};
