import type { ActionType, RiskFactor } from '../../contracts/api-advisor.ts';
import type { Policy } from '../../contracts/api-control.ts';
import type { MinerOrder, RiskTier } from '../../contracts/command.ts';
import { assessRisk } from '../advisor/assess-risk.ts';
import { higherTier } from './policy.ts';

/** The advisor's word for what an order does; its risk weights are the documented ones (`000` §4.3). */
const actionOf = (order: MinerOrder): ActionType => {
  switch (order.type) {
    case 'MINER_RESTART':
      return 'reboot';
    case 'HASHING_DISABLE':
      return 'power_off';
    case 'HASHING_ENABLE':
      return 'power_on';
    case 'POOL_SET':
      return 'switch_pool';
    case 'SET_FAN':
      return 'adjust_fan';
    case 'POWER_MODE':
      return order.params.mode === 'sleep' || order.params.mode === 'low' ? 'curtail' : 'adjust_frequency';
    case 'POWER_LIMIT':
      return 'curtail';
    case 'FREQUENCY_SET':
      return 'adjust_frequency';
    case 'LED':
      return 'alert_only';
  }
};

export type OrderRisk = {
  readonly tier: RiskTier;
  readonly score: number;
  readonly factors: readonly RiskFactor[];
};

/** How dangerous an order to so many miners is; never less than the site's policy says. Nobody doubts what a person asks for. */
export const assessOrder = (
  order: MinerOrder,
  { miners, powerKw }: { readonly miners: number; readonly powerKw: number },
  policy: Policy,
): OrderRisk => {
  const { level, score, factors } = assessRisk({
    actionType: actionOf(order),
    targetCount: miners,
    powerImpactKw: order.type === 'LED' ? 0 : powerKw,
    confidence: 1,
  });
  return { tier: higherTier(policy.tier, level), score, factors };
};
