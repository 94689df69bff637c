import type { Feedback } from '../../contracts/api-advisor.ts';
import { toUtc } from '../shared/clock.ts';
import { type Result, succeed } from '../shared/result.ts';
import {
  type ChangeDeps,
  changeRecommendation,
  recommendationEvent,
  theLoop,
} from './change-recommendation.ts';
import { putAutomatedCheck } from './feedback-repository.ts';
import type { Recommendation } from './recommendation.ts';

/**
 * Ends an executed recommendation: `completed` when its effect was proven, else `failed` with the reason (`no_effect`,
 * `worse`, `inconclusive`, or why no command was carried out). Feedback, counters and audit links are of the same
 * transaction. An inconclusive one, or one that never reached its miner, says nothing about the action: it is not counted
 * into the success rate. Idempotent.
 */
export const learnFromOutcome =
  (deps: ChangeDeps) =>
  async (id: string, notExecuted?: string): Promise<Result<Recommendation>> =>
    changeRecommendation(deps)(id, (current) => {
      if (current.status !== 'executing') return succeed(undefined);
      const atMs = deps.clock.nowMs();
      const { learning } = current;
      const verdict = learning?.verdict;
      const effective = verdict === 'effective';
      const reason = notExecuted ?? verdict ?? 'inconclusive';
      const told = verdict !== undefined && verdict !== 'inconclusive';
      const feedback = checkOf(current, toUtc(atMs), told, effective, reason);
      const next: Recommendation = {
        ...current,
        status: effective ? 'completed' : 'failed',
        ...(!effective && { statusReason: reason }),
        ...(current.execution && {
          execution: {
            ...current.execution,
            completedAtMs: atMs,
            result: { success: effective, ...(verdict && { verdict }), ...(!effective && { reason }) },
          },
        }),
      };
      const ended = effective
        ? recommendationEvent(next, theLoop, 'advisor.recommendation.completed', {
            recommendation_id: id,
            verdict,
          })
        : recommendationEvent(next, theLoop, 'advisor.recommendation.failed', {
            recommendation_id: id,
            reason,
          });
      const recorded = recommendationEvent(next, theLoop, 'advisor.feedback.recorded', {
        recommendation_id: id,
        feedback_id: feedback.id,
        feedback_type: feedback.feedback_type,
        ...(told && { effectiveness_score: learning?.score ?? 0 }),
      });
      return succeed({
        next,
        events: [ended, recorded],
        counters: {
          feedback: 1,
          ...(told && { verified: 1, score_sum: learning?.score ?? 0, ...(effective && { effective: 1 }) }),
        },
        items: [putAutomatedCheck(deps.advisorTable, feedback)],
      });
    });

const checkOf = (
  { id, learning, execution }: Recommendation,
  at: string,
  told: boolean,
  effective: boolean,
  reason: string,
): Feedback => ({
  id: `${id}-check`,
  recommendation_id: id,
  feedback_type: learning ? 'automated_check' : 'execution_result',
  ...(told || !learning ? { was_effective: effective } : {}),
  outcome: effective ? 'resolved' : 'failed',
  outcome_metrics: {
    reason,
    ...(learning && { verdict: learning.verdict, effectiveness_score: learning.score }),
    ...(execution && { time_to_resolve_s: Math.round((Date.parse(at) - execution.startedAtMs) / 1_000) }),
  },
  user_id: null,
  created_at: at,
});
