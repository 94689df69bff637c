import { type PolicyView, type TimeWindow, weekdays } from '../../../contracts/api-control.ts';
import type { RiskTier } from '../../../contracts/command.ts';

export type WindowDraft = {
  readonly days: readonly TimeWindow['days'][number][];
  readonly from: string;
  readonly to: string;
};
export type StepDraft = { readonly aboveKw: string; readonly votes: string };
type Policy = PolicyView['policy'];

/** A policy as it stands in the form. */
export type PolicyDraft = {
  readonly tier: RiskTier;
  readonly rank: Policy['approver_rank'];
  readonly approvers: string;
  readonly approvalMin: string;
  readonly deliveryS: string;
  readonly userPerHour: string;
  readonly sitePerHour: string;
  readonly windows: readonly WindowDraft[];
  readonly steps: readonly StepDraft[];
  readonly reason: string;
};

/** What the whole numbers of a policy may be (contracts/api-control.ts). */
export const policyLimits = {
  approvers: { least: 0, most: 5 },
  approvalMin: { least: 1, most: 10_080 },
  deliveryS: { least: 30, most: 86_400 },
  userPerHour: { least: 0, most: 1_000_000 },
  sitePerHour: { least: 0, most: 1_000_000 },
} as const;
export type LimitedField = keyof typeof policyLimits;
export const limitedFields = Object.keys(policyLimits) as LimitedField[];
const mostKw = 10_000_000;
const mostVotes = { least: 0, most: 3 } as const;

const isWhole = (text: string, { least, most }: { readonly least: number; readonly most: number }) =>
  /^\d+$/.test(text.trim()) && Number(text) >= least && Number(text) <= most;
export const isWithin = (field: LimitedField, text: string) => isWhole(text, policyLimits[field]);
export const isTime = (text: string) => /^([01][0-9]|2[0-3]):[0-5][0-9]$/.test(text);
export const isStep = ({ aboveKw, votes }: StepDraft) =>
  /^\d+(\.\d+)?$/.test(aboveKw.trim()) && Number(aboveKw) <= mostKw && isWhole(votes, mostVotes);

export const emptyWindow: WindowDraft = { days: [...weekdays], from: '00:00', to: '00:00' };

export const draftOf = ({ policy }: PolicyView): PolicyDraft => ({
  tier: policy.tier,
  rank: policy.approver_rank,
  approvers: String(policy.approvers),
  approvalMin: String(Math.ceil(policy.approval_ttl_s / 60)),
  deliveryS: String(policy.delivery_ttl_s),
  userPerHour: String(policy.quota_per_hour.user),
  sitePerHour: String(policy.quota_per_hour.site),
  windows: policy.windows,
  steps: policy.power_votes.map(({ above_kw, votes }) => ({
    aboveKw: String(above_kw),
    votes: String(votes),
  })),
  reason: '',
});

/** The body of the request that puts the draft in the place of what it was made from; undefined where a field is not as it must be. */
export const bodyOf = (draft: PolicyDraft, { site_id, version, policy }: PolicyView) => {
  const { windows, steps, tier, rank } = draft;
  const isGood =
    draft.reason.trim() !== '' &&
    limitedFields.every((field) => isWithin(field, draft[field])) &&
    windows.every(({ days, from, to }) => days.length > 0 && isTime(from) && isTime(to)) &&
    steps.every(isStep);
  if (!isGood) return undefined;
  const isSameTime = draft.approvalMin === String(Math.ceil(policy.approval_ttl_s / 60));
  return {
    site_id,
    version,
    reason: draft.reason.trim(),
    tier,
    approver_rank: rank,
    approvers: Number(draft.approvers),
    ...(policy.approver_ids && { approver_ids: policy.approver_ids }),
    windows,
    power_votes: steps.map(({ aboveKw, votes }) => ({ above_kw: Number(aboveKw), votes: Number(votes) })),
    // A time that is no whole number of minutes stays as it is unless it is changed.
    approval_ttl_s: isSameTime ? policy.approval_ttl_s : Number(draft.approvalMin) * 60,
    delivery_ttl_s: Number(draft.deliveryS),
    quota_per_hour: { user: Number(draft.userPerHour), site: Number(draft.sitePerHour) },
  };
};
