import * as z from 'zod';
import { type Policy, policy, type TimeWindow, weekdays } from '../../contracts/api-control.ts';
import {
  commandTiers,
  type MinerOrderType,
  minerOrderTypes,
  type RiskTier,
  riskTiers,
} from '../../contracts/command.ts';
import { siteId } from '../../contracts/identifiers.ts';
import { type ApprovalNeed, type ApproverRank, approverRanks } from './ballot.ts';

/** The least that each tier asks for (docs/decisions/0006). */
const leastOf: Readonly<Record<RiskTier, { readonly votes: number; readonly rank: ApproverRank }>> = {
  low: { votes: 0, rank: 'operator' },
  medium: { votes: 1, rank: 'operator' },
  high: { votes: 2, rank: 'manager' },
  critical: { votes: 2, rank: 'admin' },
};
const leastPowerVotes: Policy['power_votes'] = [
  { above_kw: 1_000, votes: 1 },
  { above_kw: 5_000, votes: 2 },
];

/** What holds at a site that has said nothing else. */
export const defaultPolicy = (type: MinerOrderType): Policy => {
  const tier = commandTiers[type];
  return {
    tier,
    approvers: leastOf[tier].votes,
    approver_rank: leastOf[tier].rank,
    windows: [],
    approval_ttl_s: 3_600,
    delivery_ttl_s: 300,
    power_votes: leastPowerVotes,
    quota_per_hour: { user: 20_000, site: 40_000 },
  };
};

const votesAt = (steps: Policy['power_votes'], powerKw: number) =>
  Math.max(0, ...steps.map(({ above_kw, votes }) => (powerKw > above_kw ? votes : 0)));
const isBelow = <T>(order: readonly T[], a: T, b: T) => order.indexOf(a) < order.indexOf(b);
export const higherTier = (a: RiskTier, b: RiskTier): RiskTier => (isBelow(riskTiers, a, b) ? b : a);

/** What a policy asks less of than it may; empty where it may stand. */
export const faultsOf = (type: MinerOrderType, given: Policy): { field: string; message: string }[] => {
  const faults: { field: string; message: string }[] = [];
  const fault = (field: string, message: string) => faults.push({ field, message: `${field} ${message}` });
  if (isBelow(riskTiers, given.tier, commandTiers[type]))
    fault('tier', `must be ${commandTiers[type]} or higher for ${type}`);
  const { votes, rank } = leastOf[given.tier];
  if (given.approvers < votes) fault('approvers', `must be at least ${votes} for tier ${given.tier}`);
  if (isBelow(approverRanks, given.approver_rank, rank))
    fault('approver_rank', `must be ${rank} or higher for tier ${given.tier}`);
  for (const { above_kw, votes: least } of leastPowerVotes)
    if (votesAt(given.power_votes, above_kw + 0.001) < least)
      fault('power_votes', `must add at least ${least} above ${above_kw} kW`);
  if (given.approver_ids && given.approver_ids.length < given.approvers)
    fault('approver_ids', 'must name at least as many people as must approve');
  return faults;
};

/** How many people, and of what rank, a request of this tier needs that affects so much power. */
export const needOf = (given: Policy, tier: RiskTier, powerKw: number): ApprovalNeed => {
  const least = leastOf[higherTier(tier, given.tier)];
  const votes = Math.max(least.votes, given.approvers) + votesAt(given.power_votes, powerKw);
  return {
    votes,
    rank: isBelow(approverRanks, given.approver_rank, least.rank) ? least.rank : given.approver_rank,
    ...(given.approver_ids && { approverIds: given.approver_ids }),
  };
};

/** Whether a moment lies in one of the windows; always where there is none. */
export const isWithin = (windows: readonly TimeWindow[], timeZone: string, atMs: number): boolean => {
  if (windows.length === 0) return true;
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(atMs);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  const today = weekdays.map(String).indexOf(part('weekday').toLowerCase());
  const now = `${part('hour')}:${part('minute')}`;
  const isOn = (days: TimeWindow['days'], day: number) => days.some((one) => weekdays[(day + 7) % 7] === one);
  return windows.some(({ days, from, to }) =>
    from < to
      ? isOn(days, today) && now >= from && now < to
      : (isOn(days, today) && now >= from) || (isOn(days, today - 1) && now < to),
  );
};

/** A policy as it is stored, for one site and type. */
export const storedPolicy = z.object({
  siteId,
  commandType: z.enum(minerOrderTypes),
  policy,
  version: z.int().positive(),
  setBy: z.string(),
  setAtMs: z.int(),
});
export type StoredPolicy = z.infer<typeof storedPolicy>;
