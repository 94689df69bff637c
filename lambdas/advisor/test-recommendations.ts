import type { Principal } from '../../contracts/access.ts';
import type { RecommendationStatus } from '../../contracts/api-advisor.ts';
import type { RiskTier } from '../../contracts/command.ts';
import { assessRisk } from './assess-risk.ts';
import type { Recommendation } from './recommendation.ts';

type Part = Partial<Recommendation> & { readonly level?: RiskTier; readonly status?: RecommendationStatus };

/** A recommendation for tests: the closed loop wants to restart miner m-1 of site 1. */
export const recommendationOf = ({ level = 'medium', ...part }: Part): Recommendation => ({
  id: 'rec-1',
  tenantId: 'tenant-1',
  siteId: 1,
  version: 1,
  status: 'pending',
  createdAtMs: 1_000,
  draftedAtMs: 1_000,
  expiresAtMs: 1_000_000,
  createdBy: 'ai:closed-loop',
  loopId: 'alert-1',
  trigger: { type: 'alert', id: 'alert-1' },
  diagnosis: {
    rootCause: { en: 'A hashboard has dropped out', zh: '算力板掉线' },
    evidence: [{ en: 'Board 2 gives 0 TH/s', zh: '算力板 2 算力 0 TH/s' }],
    confidence: 0.9,
  },
  action: { type: 'reboot', params: {}, targetIds: ['m-1'] },
  risk: { ...assessRisk({ actionType: 'reboot', targetCount: 1, confidence: 0.9 }), level },
  priority: 3,
  votes: [],
  ...part,
});

export const person = (userId: number, as: 'admin' | 'manager' | 'operator' | 'client'): Principal => ({
  userId,
  name: `Person ${userId}`,
  tenantId: 'tenant-1',
  siteIds: 'all',
  ...(as === 'admin' || as === 'client' ? { role: as } : { role: 'mining_site_owner', duty: as }),
});
