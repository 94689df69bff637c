import type { CommandOrder, CommandStatus, MinerOrder } from '../../contracts/command.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import type { RegisteredMiner } from '../fleet/fleet-directory.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import {
  type Actor,
  type ChangeDeps,
  changeRecommendation,
  recommendationEvent,
} from './change-recommendation.ts';
import { approversOf, failRecommendation } from './decide-recommendation.ts';
import { type BaselineTarget, planCommands, putBaseline } from './execution-repository.ts';
import { planAction } from './plan-action.ts';
import type { Recommendation } from './recommendation.ts';
import type { SiteView } from './site-view.ts';
import { hottest, median } from './symptoms.ts';
import type { PeerFigures } from './verify-effect.ts';

/** Control's `proposeCommand` as far as it is needed: the same recommendation and miner always give the same command. */
export type Proposal = {
  readonly siteId: number;
  readonly tenantId: string;
  readonly minerId: string;
  readonly order: MinerOrder;
  readonly priority: number;
  readonly requestedBy: string;
  readonly approvals: string[];
  readonly correlationId: string;
  readonly recommendationId: string;
  readonly expiresAtMs: number;
};
export type CommandSeen = {
  readonly commandId: string;
  readonly siteId: number;
  readonly minerId: string;
  readonly order: CommandOrder;
  readonly status: CommandStatus;
  readonly correlationId: string;
  readonly recommendationId?: string | undefined;
  readonly updatedAtMs: number;
  readonly settledAtMs?: number | undefined;
  readonly failure?: { readonly code: string } | undefined;
};
export type ProposeCommand = (proposal: Proposal) => Promise<Result<Pick<CommandSeen, 'commandId'>>>;

export type ExecuteDeps = ChangeDeps &
  SiteView & { readonly proposeCommand: ProposeCommand; readonly commandTtlMs: number };

/** At most this many targets are observed; more tell nothing new. */
export const mostObserved = 25;

/** Medians of the miners of the same model and zone that are not touched. */
export const untouchedPeers = (
  miner: RegisteredMiner,
  miners: readonly RegisteredMiner[],
  live: ReadonlyMap<string, MinerReading>,
  targets: ReadonlySet<string>,
): PeerFigures => {
  const readings = miners
    .filter(
      ({ minerId, model, zoneId }) =>
        model === miner.model && zoneId === miner.zoneId && !targets.has(minerId),
    )
    .flatMap(({ minerId }) => live.get(minerId) ?? [])
    .filter(({ state }) => state === 'hashing');
  const of = (pick: (reading: MinerReading) => number | undefined) =>
    median(readings.flatMap((reading) => pick(reading) ?? []));
  return {
    count: readings.length,
    hashrateThs: of(({ values }) => values.hashrateThs),
    chipTempC: of(hottest),
    powerW: of(({ values }) => values.powerW),
  };
};

const observe = (
  miners: readonly RegisteredMiner[],
  readings: readonly MinerReading[],
  targetIds: readonly string[],
): BaselineTarget[] => {
  const live = new Map(readings.map((reading) => [reading.minerId, reading]));
  const targets = new Set(targetIds);
  return targetIds.slice(0, mostObserved).flatMap((minerId) => {
    const miner = miners.find((one) => one.minerId === minerId);
    const before = live.get(minerId);
    return miner
      ? [{ minerId, ...(before && { before }), peersBefore: untouchedPeers(miner, miners, live, targets) }]
      : [];
  });
};

export type Executed = {
  readonly recommendation: Recommendation;
  readonly commandIds: readonly string[];
  readonly allSettled: boolean;
};

/**
 * Turns an approved recommendation into one command per target, at most once: the step to `executing` is what decides,
 * and proposing again finds the same commands. Repeated calls answer with the same command ids, also after the end.
 * `invalid_state` where it is not approved, or has nothing to execute.
 */
export const executeRecommendation =
  (deps: ExecuteDeps) =>
  async (id: string, actor: Actor): Promise<Result<Executed>> => {
    const claimed = await claim(deps, id);
    if (!claimed.ok) return claimed;
    const { execution, siteId, tenantId, action, priority, createdBy, loopId } = claimed.value;
    if (execution && execution.commandIds.length > 0) {
      const allSettled = await planCommands(deps)(id, execution.commandIds.length);
      return succeed({ recommendation: claimed.value, commandIds: execution.commandIds, allSettled });
    }
    const order = planAction(action.type, action.params);
    if (!order.ok || !order.value)
      throw new Error(`Recommendation ${id} was claimed for execution without an order`);
    const commandIds: string[] = [];
    let refusal = 'Nothing was proposed';
    for (const minerId of action.targetIds) {
      const proposed = await deps.proposeCommand({
        siteId,
        tenantId,
        minerId,
        order: order.value,
        priority,
        requestedBy: createdBy,
        approvals: approversOf(claimed.value),
        correlationId: loopId ?? id,
        recommendationId: id,
        expiresAtMs: deps.clock.nowMs() + deps.commandTtlMs,
      });
      if (proposed.ok) commandIds.push(proposed.value.commandId);
      else refusal = proposed.failure.message;
    }
    if (commandIds.length === 0) {
      await failRecommendation(deps)(id, 'command_refused');
      return fail('invalid_state', refusal);
    }
    const known = await changeRecommendation(deps)(id, (current) => {
      if (current.status !== 'executing' || !current.execution || current.execution.commandIds.length > 0)
        return succeed(undefined);
      const next = { ...current, execution: { ...current.execution, commandIds } };
      return succeed({
        next,
        events: [
          recommendationEvent(next, actor, 'advisor.recommendation.executing', {
            recommendation_id: id,
            command_ids: commandIds,
          }),
        ],
      });
    });
    if (!known.ok) return known;
    const allSettled = await planCommands(deps)(id, commandIds.length);
    return succeed({ recommendation: known.value, commandIds, allSettled });
  };

/** Takes the step from approved to executing; the audit log hears of it together with the command ids. */
const claim = async (deps: ExecuteDeps, id: string): Promise<Result<Recommendation>> => {
  let observed = false;
  const attempt = () =>
    changeRecommendation(deps)(id, (current) => {
      const { status, action } = current;
      if (current.execution) return succeed(undefined);
      const atMs = deps.clock.nowMs();
      if (status !== 'approved' || (current.loopId === undefined && current.expiresAtMs <= atMs)) {
        return fail('invalid_state', 'Recommendation must be approved before execution');
      }
      const order = planAction(action.type, action.params);
      if (!order.ok) return order;
      if (!order.value) return fail('invalid_state', `Action ${action.type} has nothing to execute`);
      if (action.targetIds.length === 0) return fail('invalid_state', 'target_ids is required');
      if (!observed) return succeed(undefined);
      const next: Recommendation = {
        ...current,
        status: 'executing',
        execution: { commandIds: [], startedAtMs: atMs },
      };
      const event = recommendationEvent(
        next,
        { actor_type: 'system', actor_id: 'advisor' },
        'advisor.recommendation.executing',
        { recommendation_id: id, command_ids: [] },
      );
      return succeed({ next, events: [event], counters: { executed: 1 } });
    });
  const looked = await attempt();
  if (!looked.ok || looked.value.execution) return looked;
  const { siteId, action } = looked.value;
  const [miners, live] = await Promise.all([deps.readMiners(siteId), deps.readLive(siteId)]);
  await putBaseline(deps)(id, observe(miners, live, action.targetIds));
  observed = true;
  return attempt();
};
