import type { Rank } from '../../contracts/access.ts';
import type {
  ActionType,
  ApprovalLevel,
  RecommendationStatus,
  RiskAssessment,
  triggerTypes,
} from '../../contracts/api-advisor.ts';
import type { RiskTier } from '../../contracts/command.ts';
import type { Text } from '../../contracts/text.ts';
import type { Json } from './json.ts';

/** Written by the system in both languages, or by a person in one. */
export type SomeText = Text | string;

export type Vote = {
  readonly userId: number;
  readonly name: string;
  readonly rank: Rank;
  readonly atMs: number;
  readonly reason?: string | undefined;
};
export type Verdict = 'effective' | 'no_effect' | 'worse' | 'inconclusive';

/**
 * A proposal to do something, from its making to what was learned of it. `version` grows with every change, and every
 * change is conditional on it, so two people who decide at once are put in an order.
 */
export type Recommendation = {
  readonly id: string;
  readonly tenantId: string;
  readonly siteId: number;
  readonly version: number;
  readonly status: RecommendationStatus;
  readonly statusReason?: string | undefined;
  readonly createdAtMs: number;
  readonly draftedAtMs: number;
  readonly expiresAtMs: number;
  /** `user:5`, or `ai:closed-loop`. */
  readonly createdBy: string;
  /** The alert or incident whose loop made it. */
  readonly loopId?: string | undefined;
  readonly trigger: {
    readonly type: (typeof triggerTypes)[number];
    readonly id?: string | undefined;
    readonly data?: Json | undefined;
  };
  readonly diagnosis: {
    readonly rootCause: SomeText;
    readonly evidence: readonly SomeText[];
    readonly confidence: number;
  };
  readonly action: {
    readonly type: ActionType;
    readonly params: Json;
    readonly targetIds: readonly string[];
    readonly description?: Text | undefined;
  };
  readonly risk: RiskAssessment;
  readonly priority: number;
  readonly expectedBenefit?: Json | undefined;
  readonly votes: readonly Vote[];
  readonly approvedByRule?: number | undefined;
  readonly approvedAtMs?: number | undefined;
  readonly rejection?:
    | { readonly userId: number; readonly atMs: number; readonly reason: string }
    | undefined;
  readonly execution?:
    | {
        readonly commandIds: readonly string[];
        readonly startedAtMs: number;
        readonly completedAtMs?: number | undefined;
        readonly result?: Json | undefined;
      }
    | undefined;
  readonly learning?:
    | { readonly verdict: Verdict; readonly score: number; readonly evidence: readonly Text[] }
    | undefined;
};

/** What may follow what. A recommendation that ended stays as it is. */
export const transitions: Readonly<Record<RecommendationStatus, readonly RecommendationStatus[]>> = {
  pending: ['approved', 'rejected', 'expired', 'failed'],
  approved: ['executing', 'expired', 'failed'],
  executing: ['completed', 'failed'],
  rejected: [],
  completed: [],
  failed: [],
  expired: [],
};

export const mayBecome = (from: RecommendationStatus, to: RecommendationStatus) =>
  transitions[from].includes(to);
export const isOpen = (status: RecommendationStatus) => transitions[status].length > 0;

export type ApprovalNeed = { readonly votes: number; readonly level: ApprovalLevel };

/** Who must agree (docs/decisions/0001): LOW and MEDIUM one operator, HIGH two people with a manager, CRITICAL two with an admin. */
export const approvalNeed: Readonly<Record<RiskTier, ApprovalNeed>> = {
  low: { votes: 1, level: 'operator' },
  medium: { votes: 1, level: 'operator' },
  high: { votes: 2, level: 'manager' },
  critical: { votes: 2, level: 'admin' },
};
