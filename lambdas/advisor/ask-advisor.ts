import * as z from 'zod';
import { type Principal, reachesSite } from '../../contracts/access.ts';
import type { Feedback, RecommendationStatus } from '../../contracts/api-advisor.ts';
import type { OwnMachines } from '../fleet/own-machines.ts';
import type { SealOrder } from '../sealing/seal-orders.ts';
import type { RouteInput } from '../shared/api-handler.ts';
import { toUtc } from '../shared/clock.ts';
import { newId } from '../shared/ids.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { advisorRoutes } from './api.ts';
import { changeRecommendation, notFound, recommendationEvent, userActor } from './change-recommendation.ts';
import { type CreateDeps, createRecommendation } from './create-recommendation.ts';
import { isVisible } from './decide-recommendation.ts';
import { alertKindOf, type Diagnosis, diagnose } from './diagnose.ts';
import { type ExecuteDeps, executeRecommendation } from './execute-recommendation.ts';
import { putFeedback } from './feedback-repository.ts';
import { type GatherDeps, gatherSymptoms } from './gather-symptoms.ts';
import { planAction } from './plan-action.ts';
import type { Recommendation } from './recommendation.ts';
import { listAdvisedSites, listRecommendations, readRecommendation } from './recommendation-repository.ts';
import { impactOn } from './site-view.ts';

type Routes = typeof advisorRoutes;
type Body<K extends keyof Routes> = RouteInput<Routes[K]>['body'];

export type AdvisorDeps = CreateDeps &
  ExecuteDeps &
  GatherDeps & {
    readonly siteExists: (tenantId: string, siteId: number) => Promise<boolean>;
    /** What a client sees of a site's machines; undefined for staff, who see all. */
    readonly ownMachines: (who: Principal, siteId: number) => Promise<OwnMachines | undefined>;
    /** Seals what of an order only its gateways may read. */
    readonly sealOrder: SealOrder;
    /** Starts the state machine at its second entry, for a recommendation that no loop made. */
    readonly startExecution: (
      recommendation: Pick<Recommendation, 'id' | 'siteId' | 'tenantId'>,
    ) => Promise<void>;
  };

/** `not_found` for a site that does not exist, is another tenant's, or is out of the asker's reach: all alike. */
export const reachSite =
  (deps: Pick<AdvisorDeps, 'siteExists'>) =>
  async (who: Principal, siteId: number): Promise<Result<number>> =>
    reachesSite(who, siteId) && (await deps.siteExists(who.tenantId, siteId))
      ? succeed(siteId)
      : fail('not_found', 'Site not found');

export const findRecommendation =
  (deps: AdvisorDeps) =>
  async (who: Principal, id: string): Promise<Result<Recommendation>> => {
    const found = await readRecommendation(deps)(id);
    if (!found || !isVisible(who, found)) return notFound();
    return isOwn(await deps.ownMachines(who, found.siteId))(found.action.targetIds)
      ? succeed(found)
      : notFound();
  };

/** Whether a client may see what is about these miners: all of them are its own. What is about none is not. */
export const isOwn =
  (own: OwnMachines | undefined) =>
  (minerIds: readonly string[]): boolean =>
    !own || (minerIds.length > 0 && minerIds.every(own.isOwn));

/** Among so many of a site's newest recommendations those of a client's machines are looked for. */
const mostSearched = 1_000;

/** Recommendations of one site, or of all that the asker reaches, newest first. */
export const searchRecommendations =
  (deps: AdvisorDeps) =>
  async (
    who: Principal,
    siteId: number | undefined,
    status: RecommendationStatus | undefined,
    limit: number,
  ): Promise<Result<Recommendation[]>> => {
    const listAt = async (site: number) => {
      const own = await deps.ownMachines(who, site);
      const wanted = { tenantId: who.tenantId, siteId: site, status, limit: own ? mostSearched : limit };
      const found = await listRecommendations(deps)(wanted);
      return found.filter(({ action }) => isOwn(own)(action.targetIds)).slice(0, limit);
    };
    if (siteId !== undefined) {
      const reached = await reachSite(deps)(who, siteId);
      return reached.ok ? succeed(await listAt(siteId)) : reached;
    }
    const sites = (await listAdvisedSites(deps)(who.tenantId)).filter((site) => reachesSite(who, site));
    const lists = await Promise.all(sites.map(listAt));
    return succeed(
      lists
        .flat()
        .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
        .slice(0, limit),
    );
  };

/** A recommendation that somebody asks for by hand, `001` §3.2. */
export const requestRecommendation =
  (deps: AdvisorDeps) =>
  async (who: Principal, body: Body<'createRecommendation'>): Promise<Result<Recommendation>> => {
    const reached = await reachSite(deps)(who, body.site_id);
    if (!reached.ok) return reached;
    const targetIds = [...new Set(body.target_ids ?? [])];
    const [miners, live] =
      targetIds.length > 0
        ? await Promise.all([deps.readMiners(body.site_id), deps.readLive(body.site_id)])
        : [[], []];
    const known = new Set(miners.map(({ minerId }) => minerId));
    const unknown = targetIds.find((minerId) => !known.has(minerId));
    if (unknown !== undefined) {
      const message = `target_ids: site ${body.site_id} has no miner ${unknown}`;
      return fail('validation_failed', message, [{ field: 'target_ids', message }]);
    }
    const gatewayIds = miners
      .filter(({ minerId }) => targetIds.includes(minerId))
      .map(({ gatewayId }) => gatewayId);
    const params = await sealParams(deps, body, gatewayIds);
    if (!params.ok) return params;
    const nowMs = deps.clock.nowMs();
    const created = await createRecommendation(deps)(
      {
        id: newId(),
        tenantId: who.tenantId,
        siteId: body.site_id,
        createdBy: `user:${who.userId}`,
        trigger: {
          type: body.trigger_type,
          ...(body.trigger_id && { id: body.trigger_id }),
          ...(body.trigger_data && { data: body.trigger_data }),
        },
        diagnosis: {
          rootCause: body.diagnosis.root_cause,
          evidence: body.diagnosis.evidence,
          confidence: body.confidence_score ?? body.diagnosis.confidence,
        },
        action: { type: body.action_type, params: params.value, targetIds },
        priority: body.priority,
        ...(body.expected_benefit && { expectedBenefit: body.expected_benefit }),
        draftedAtMs: nowMs,
        confidence: body.confidence_score ?? body.diagnosis.confidence,
        impact: impactOn(live, targetIds),
        leastLevel: body.risk_level,
      },
      userActor(who.userId),
    );
    if (!created.ok) return created;
    if (!('recommendation' in created.value)) throw new Error('A recommendation of no loop was handed over');
    return succeed(created.value.recommendation);
  };

/** The action's parameters as they may be stored: pool passwords sealed for the targets' gateways. */
const sealParams = async (
  { sealOrder }: Pick<AdvisorDeps, 'sealOrder'>,
  { site_id, action_type, action_params = {} }: Body<'createRecommendation'>,
  gatewayIds: readonly string[],
): Promise<Result<typeof action_params>> => {
  const plan = planAction(action_type, action_params);
  if (!plan.ok || plan.value?.type !== 'POOL_SET') return plan.ok ? succeed(action_params) : plan;
  const sealed = await sealOrder(site_id, gatewayIds, plan.value);
  return sealed.ok ? succeed({ ...action_params, ...paramsOf.parse(sealed.value.params) }) : sealed;
};
const paramsOf = z.record(z.string(), z.json());

/** `001` §3.6. What a loop made, its state machine executes; `execute` then answers with the same commands. */
export const executeNow =
  (deps: AdvisorDeps) =>
  async (
    who: Principal,
    id: string,
  ): Promise<Result<{ recommendation: Recommendation; commandIds: readonly string[] }>> => {
    const found = await findRecommendation(deps)(who, id);
    if (!found.ok) return found;
    const executed = await executeRecommendation(deps)(id, userActor(who.userId));
    if (executed.ok && found.value.loopId === undefined) await deps.startExecution(found.value);
    return executed;
  };

/** `001` §5.10: executes, one by one, what rules approved and nobody executed yet. */
export const executeAllApproved =
  (deps: AdvisorDeps) => async (who: Principal, siteId: number | undefined) => {
    const waiting = await searchRecommendations(deps)(who, siteId, 'approved', 200);
    if (!waiting.ok) return waiting;
    const results = [];
    for (const { id } of waiting.value.filter(({ approvedByRule }) => approvedByRule !== undefined)) {
      const executed = await executeNow(deps)(who, id);
      const commandId = executed.ok ? executed.value.commandIds[0] : undefined;
      results.push(
        commandId !== undefined
          ? { recommendation_id: id, success: true as const, command_id: commandId }
          : {
              recommendation_id: id,
              success: false as const,
              error: executed.ok ? 'No command was made' : executed.failure.message,
            },
      );
    }
    const executedCount = results.filter(({ success }) => success).length;
    return succeed({
      success: true as const,
      results,
      executed_count: executedCount,
      failed_count: results.length - executedCount,
    });
  };

/** `001` §3.7. People's feedback is kept and counted; it does not change what telemetry proved. */
export const giveFeedback =
  (deps: AdvisorDeps) =>
  async (who: Principal, id: string, body: Body<'giveFeedback'>): Promise<Result<Feedback>> => {
    const atMs = deps.clock.nowMs();
    const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
    const feedback: Feedback = {
      ...given,
      id: newId(),
      recommendation_id: id,
      feedback_type: body.feedback_type,
      user_id: who.userId,
      created_at: toUtc(atMs),
    };
    const recorded = await changeRecommendation(deps)(id, (current) => {
      if (!isVisible(who, current)) return notFound();
      const event = recommendationEvent(current, userActor(who.userId), 'advisor.feedback.recorded', {
        recommendation_id: id,
        feedback_id: feedback.id,
        feedback_type: feedback.feedback_type,
      });
      return succeed({
        next: current,
        events: [event],
        counters: { feedback: 1 },
        items: [putFeedback(deps.advisorTable, feedback)],
      });
    });
    return recorded.ok ? succeed(feedback) : recorded;
  };

/** `001` §4.1 and §4.2: a diagnosis per miner that the site has; the others are named in `errors`. */
export const diagnoseMiners =
  (deps: AdvisorDeps) =>
  async (
    who: Principal,
    siteId: number,
    alertType: string,
    minerIds: readonly string[],
  ): Promise<Result<{ diagnoses: Map<string, Diagnosis>; unknown: string[] }>> => {
    const reached = await reachSite(deps)(who, siteId);
    if (!reached.ok) return reached;
    const kind = alertKindOf(alertType);
    if (!kind) {
      const message = `alert_type: ${alertType} is not a known alert type`;
      return fail('validation_failed', message, [{ field: 'alert_type', message }]);
    }
    const own = await deps.ownMachines(who, siteId);
    const wanted = [...new Set(minerIds)].filter((minerId) => isOwn(own)([minerId]));
    const { inputs } = await gatherSymptoms(deps)(siteId, kind, wanted, 1);
    const diagnoses = new Map(inputs.map((input) => [input.miner.minerId, diagnose(input)]));
    return succeed({ diagnoses, unknown: minerIds.filter((minerId) => !diagnoses.has(minerId)) });
  };
