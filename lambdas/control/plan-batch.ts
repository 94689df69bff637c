import type { Principal } from '../../contracts/access.ts';
import type { NewBatch, Policy, Selection } from '../../contracts/api-control.ts';
import { mostTargets } from '../../contracts/api-control.ts';
import { whyUnsupported } from '../../contracts/capabilities/firmware-table.ts';
import type { MinerOrder } from '../../contracts/command.ts';
import type { Text } from '../../contracts/text.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { assessOrder, type OrderRisk } from './assess-order.ts';
import type { ApprovalNeed } from './ballot.ts';
import { inWaves, type Target, wavesOf } from './batch.ts';
import { needOf } from './policy.ts';
import { policyFor, type RequestDeps, reachSite, type TargetMiner } from './request-deps.ts';
import { selectionHash } from './selection-hash.ts';

export type PlanDeps = Pick<RequestDeps, 'readSite' | 'readPolicy' | 'sealOrder' | 'clock'> & {
  readonly readMiners: (siteId: number) => Promise<readonly TargetMiner[]>;
};

export type Plan = {
  /** As it may be stored: its secrets sealed for the gateways of the selection. */
  readonly order: MinerOrder;
  readonly timeZone: string;
  readonly policy: Policy;
  readonly risk: OrderRisk;
  readonly need: ApprovalNeed;
  readonly powerKw: number;
  readonly gateways: number;
  readonly targets: readonly Target[];
  readonly waveSizes: readonly number[];
  readonly maxFailed: number;
  readonly selectionHash: string;
  readonly unsupported: readonly { readonly minerId: string; readonly reason: Text }[];
  readonly unknownIds: readonly string[];
};

/** The miners that fit every criterion. */
const selected = (miners: readonly TargetMiner[], given: Selection): TargetMiner[] => {
  const oneOf = (wanted: readonly string[] | undefined, value: string | undefined) =>
    wanted === undefined || (value !== undefined && wanted.includes(value));
  const ids = given.miner_ids && new Set(given.miner_ids);
  return miners.filter(
    ({ minerId, zoneId, model, customerId, gatewayId, retired }) =>
      !retired &&
      (ids?.has(minerId) ?? true) &&
      oneOf(given.zone_ids, zoneId) &&
      oneOf(given.models, model) &&
      oneOf(given.customer_ids, customerId) &&
      oneOf(given.gateway_ids, gatewayId),
  );
};

/**
 * What a batch would be: its miners in the order of their turns, the power that they draw, the risk, and the approvals it needs. Reads
 * only. `invalid_state` where nothing is left to do, `validation_failed` where it is too much.
 */
export const planBatch =
  (deps: PlanDeps) =>
  async (who: Principal, body: NewBatch): Promise<Result<Plan>> => {
    const { site_id: siteId, order, selection } = body;
    const site = await reachSite(deps, who, siteId);
    if (!site.ok) return site;
    const [miners, policy] = await Promise.all([
      deps.readMiners(siteId),
      policyFor(deps, siteId, order.type),
    ]);
    const fitting = selected(miners, selection);
    const judged = fitting.map((miner) => ({
      miner,
      reason: whyUnsupported(miner, order),
    }));
    const able = judged.flatMap(({ miner, reason }) => (reason ? [] : [miner]));
    if (able.length === 0) return fail('invalid_state', 'No miner of this selection can do that');
    if (able.length > mostTargets)
      return fail('validation_failed', `selection: names more than ${mostTargets} miners`);
    const gatewayIds = new Set(able.map(({ gatewayId }) => gatewayId));
    const sealed = await deps.sealOrder(siteId, gatewayIds, order);
    if (!sealed.ok) return sealed;
    const powerKw = able.reduce((sum, { ratedPowerW }) => sum + ratedPowerW, 0) / 1_000;
    const risk = assessOrder(order, { miners: able.length, powerKw }, policy);
    const waveSizes = wavesOf(able.length, body.wave_sizes);
    const maxFailed = body.max_failed ?? Math.max(1, Math.ceil(able.length / 20));
    const course = {
      waveSizes,
      concurrency: body.concurrency,
      maxFailed,
      maxFailedPct: body.max_failed_pct,
      priority: body.priority,
    };
    const known = new Set(miners.map(({ minerId }) => minerId));
    return succeed({
      order: sealed.value,
      timeZone: site.value.time_zone,
      policy,
      risk,
      need: needOf(policy, risk.tier, powerKw),
      powerKw,
      gateways: gatewayIds.size,
      targets: inWaves(
        able
          .toSorted((a, b) => (a.minerId < b.minerId ? -1 : 1))
          .map(({ minerId, gatewayId }) => [minerId, gatewayId]),
        waveSizes,
      ),
      waveSizes,
      maxFailed,
      selectionHash: selectionHash(
        siteId,
        sealed.value,
        able.map(({ minerId }) => minerId),
        course,
      ),
      unsupported: judged.flatMap(({ miner, reason }) =>
        reason ? [{ minerId: miner.minerId, reason }] : [],
      ),
      unknownIds: (selection.miner_ids ?? []).filter((id) => !known.has(id)),
    });
  };
