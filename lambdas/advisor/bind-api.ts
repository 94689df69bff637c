import type { Principal } from '../../contracts/access.ts';
import type { Language } from '../../contracts/text.ts';
import type { Handlers } from '../shared/api-handler.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { advisorRoutes } from './api.ts';
import * as ask from './ask-advisor.ts';
import { assessRisk } from './assess-risk.ts';
import { approveRecommendation, rejectRecommendation } from './decide-recommendation.ts';
import { listFeedback } from './feedback-repository.ts';
import { listLoops } from './loop-repository.ts';
import { presentDiagnosis, presentRecommendation } from './present.ts';
import type { Recommendation } from './recommendation.ts';
import { listRules } from './rule-repository.ts';
import { createRule, deactivateRule, updateRule } from './rules.ts';
import { readStats } from './stats-repository.ts';

const answer = (result: Result<Recommendation>, language: Language) =>
  result.ok
    ? succeed({
        body: { success: true as const, recommendation: presentRecommendation(language)(result.value) },
      })
    : result;

/** The route table's operations bound to the use cases; both spellings of approve, reject and execute end in the same one. */
export const advisorHandlers = (deps: ask.AdvisorDeps): Handlers<typeof advisorRoutes> => {
  type Deciding = {
    readonly who: Principal;
    readonly params: { readonly recommendation_id: string };
    readonly language: Language;
  };
  const approve = async ({
    who,
    params,
    body,
    language,
  }: Deciding & { readonly body: { readonly reason?: string | undefined } }) =>
    answer(await approveRecommendation(deps)(who, params.recommendation_id, body.reason), language);
  const reject = async ({
    who,
    params,
    body,
    language,
  }: Deciding & { readonly body: { readonly reason: string } }) =>
    answer(await rejectRecommendation(deps)(who, params.recommendation_id, body.reason), language);
  const execute = async ({ who, params }: Deciding) => {
    const executed = await ask.executeNow(deps)(who, params.recommendation_id);
    if (!executed.ok) return executed;
    const { recommendation, commandIds } = executed.value;
    const commandId = commandIds[0];
    if (commandId === undefined) return fail('invalid_state', 'No command was made');
    return succeed({
      body: {
        success: true as const,
        recommendation_id: recommendation.id,
        command_id: commandId,
        command_ids: [...commandIds],
        status: recommendation.status,
      },
    });
  };
  return {
    approveRecommendation: approve,
    approveAutoRecommendation: approve,
    rejectRecommendation: reject,
    rejectAutoRecommendation: reject,
    executeRecommendation: execute,
    executeAutoRecommendation: execute,
    listRecommendations: async ({ who, query, language }) => {
      const found = await ask.searchRecommendations(deps)(who, query.site_id, query.status, query.limit);
      return found.ok
        ? succeed({
            body: {
              recommendations: found.value.map(presentRecommendation(language)),
              count: found.value.length,
            },
          })
        : found;
    },
    listAutoRecommendations: async ({ who, query, language }) => {
      const found = await ask.searchRecommendations(deps)(
        who,
        query.site_id,
        query.status === 'all' ? undefined : query.status,
        query.limit,
      );
      return found.ok
        ? succeed({
            body: {
              success: true,
              recommendations: found.value.map(presentRecommendation(language)),
              count: found.value.length,
            },
          })
        : found;
    },
    createRecommendation: async ({ who, body, language }) =>
      answer(await ask.requestRecommendation(deps)(who, body), language),
    getRecommendation: async ({ who, params, language }) => {
      const found = await ask.findRecommendation(deps)(who, params.recommendation_id);
      if (!found.ok) return found;
      const feedback = await listFeedback(deps)(found.value.id);
      const recommendation = presentRecommendation(language)(found.value);
      const latest = feedback.at(-1);
      const learning = recommendation.learning && {
        ...recommendation.learning,
        feedback: latest?.outcome_metrics ?? null,
      };
      return succeed({
        body: { recommendation: { ...recommendation, ...(learning && { learning }) }, feedback },
      });
    },
    giveFeedback: async ({ who, params, body }) => {
      const given = await ask.giveFeedback(deps)(who, params.recommendation_id, body);
      return given.ok ? succeed({ body: { success: true, feedback: given.value } }) : given;
    },
    getLearningStats: async ({ who, query }) => {
      const reached = await ask.reachSite(deps)(who, query.site_id);
      if (!reached.ok) return reached;
      const { of, lastUpdated } = await readStats(deps)(who.tenantId, query.site_id);
      const verified = of('verified');
      const mean = (sum: number) =>
        verified > 0 ? Math.min(1, Math.round((sum / verified) * 100) / 100) : null;
      return succeed({
        body: {
          site_id: query.site_id,
          total_recommendations: of('created'),
          approved_count: of('approved'),
          rejected_count: of('rejected'),
          executed_count: of('executed'),
          success_rate: mean(of('effective')),
          average_effectiveness: mean(of('score_sum')),
          feedback_count: of('feedback'),
          last_updated: lastUpdated ?? null,
        },
      });
    },
    diagnoseAlert: async ({ who, body, language }) => {
      const made = await ask.diagnoseMiners(deps)(who, body.site_id, body.alert_type, [body.miner_id]);
      if (!made.ok) return made;
      const found = made.value.diagnoses.get(body.miner_id);
      if (!found) return fail('not_found', 'Miner not found');
      const diagnosis = {
        miner_id: body.miner_id,
        alert_type: body.alert_type,
        ...presentDiagnosis(language, deps.clock.nowMs())(found),
      };
      return succeed({ body: { success: true, diagnosis } });
    },
    diagnoseBatch: async ({ who, body, language }) => {
      const made = await ask.diagnoseMiners(deps)(who, body.site_id, body.alert_type, body.miner_ids);
      if (!made.ok) return made;
      const { diagnoses, unknown } = made.value;
      const present = presentDiagnosis(language, deps.clock.nowMs());
      const shown = Object.fromEntries([...diagnoses].map(([minerId, one]) => [minerId, present(one)]));
      const errors =
        unknown.length > 0
          ? { errors: Object.fromEntries(unknown.map((minerId) => [minerId, 'Miner not found'])) }
          : {};
      return succeed({ body: { success: true, diagnoses: shown, count: diagnoses.size, ...errors } });
    },
    assessRisk: async ({ body }) =>
      succeed({
        body: {
          success: true,
          risk_assessment: assessRisk({
            actionType: body.action_type,
            targetCount: body.target_ids?.length ?? 0,
            powerImpactKw: body.power_impact_kw,
            revenueImpactPct: body.revenue_impact_pct,
            confidence: body.confidence_score,
            historicalSuccessRate: body.historical_success_rate,
            timeOfDayRisk: body.time_of_day_risk,
          }),
        },
      }),
    listRules: async ({ who, query }) => {
      const reached = await ask.reachSite(deps)(who, query.site_id);
      if (!reached.ok) return reached;
      const rules = (await listRules(deps)(who.tenantId, query.site_id)).map(({ rule }) => rule);
      return succeed({ body: { success: true, rules, count: rules.length } });
    },
    createRule: async ({ who, body }) => {
      const reached = await ask.reachSite(deps)(who, body.site_id);
      return reached.ok
        ? succeed({ body: { success: true, rule: await createRule(deps)(who, body) } })
        : reached;
    },
    updateRule: async ({ who, params, body }) => {
      const updated = await updateRule(deps)(who, params.rule_id, body);
      return updated.ok ? succeed({ body: { success: true, rule: updated.value } }) : updated;
    },
    deactivateRule: async ({ who, params }) => {
      const updated = await deactivateRule(deps)(who, params.rule_id);
      return updated.ok ? succeed({ body: { success: true, message: 'Rule deactivated' } }) : updated;
    },
    executeApproved: async ({ who, body }) => {
      const executed = await ask.executeAllApproved(deps)(who, body.site_id);
      return executed.ok ? succeed({ body: executed.value }) : executed;
    },
    listLoops: async ({ who, query }) => {
      const reached = await ask.reachSite(deps)(who, query.site_id);
      if (!reached.ok) return reached;
      const own = await deps.ownMachines(who, query.site_id);
      const found = await listLoops(deps)(who.tenantId, query.site_id, query.limit);
      const loops = found.filter(({ miner_ids }) => ask.isOwn(own)(miner_ids));
      return succeed({ body: { loops, count: loops.length } });
    },
  };
};
