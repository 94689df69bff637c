import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { EventPayload, EventType } from '../../contracts/event-catalogue.ts';
import { type CommitResult, stateEvent, type TransactItem } from '../audit/commit-with-audit.ts';
import type { Clock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { AdvisorStore } from './advisor-keys.ts';
import { mayBecome, type Recommendation } from './recommendation.ts';
import { putRecommendation, readRecommendation, releaseMiners } from './recommendation-repository.ts';
import { type Counter, countItem } from './stats-repository.ts';

export type Commit = (
  items: readonly TransactItem[],
  events: readonly NewDomainEvent[],
) => Promise<CommitResult>;
export type ChangeDeps = AdvisorStore & { readonly commit: Commit; readonly clock: Clock };

/** Who changes it, as the audit log names people and parts. */
export type Actor = Pick<NewDomainEvent, 'actor_type' | 'actor_id'>;
export const theLoop: Actor = { actor_type: 'ai', actor_id: 'closed-loop' };
export const theSystem: Actor = { actor_type: 'system', actor_id: 'advisor' };
export const userActor = (userId: number): Actor => ({ actor_type: 'user', actor_id: String(userId) });

type RecommendationEvent = Extract<EventType, `advisor.${string}`>;

export const recommendationEvent = <T extends RecommendationEvent>(
  { tenantId, siteId, id }: Pick<Recommendation, 'tenantId' | 'siteId' | 'id'>,
  actor: Actor,
  type: T,
  payload: EventPayload<T>,
): NewDomainEvent =>
  stateEvent<T>({
    ...actor,
    tenant_id: tenantId,
    site_id: siteId,
    type,
    ref_type: 'recommendation',
    ref_id: id,
    payload,
  });

/** What a use case decided: the next state, what to announce, what to count, and further writes of the same transaction. */
export type Change = {
  readonly next: Recommendation;
  readonly events: readonly NewDomainEvent[];
  readonly counters?: Partial<Record<Counter, number>>;
  readonly items?: readonly TransactItem[];
};

const attempts = 10;
export const notFound = (): Result<never> => fail('not_found', 'Recommendation not found');

/**
 * Reads a recommendation, lets `decide` choose on what it read, and writes the choice with its audit links only if
 * nobody else changed it meanwhile; else reads and decides again. So decisions on one recommendation happen one after
 * another. `decide` gives undefined to leave it as it is. Throws when others win ten times in a row.
 */
export const changeRecommendation =
  (deps: ChangeDeps) =>
  async (
    id: string,
    decide: (current: Recommendation) => Result<Change | undefined>,
  ): Promise<Result<Recommendation>> => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const current = await readRecommendation(deps)(id);
      if (!current) return notFound();
      const decided = decide(current);
      if (!decided.ok) return decided;
      if (!decided.value) return succeed(current);
      const { next: chosen, events, counters, items = [] } = decided.value;
      if (chosen.status !== current.status && !mayBecome(current.status, chosen.status)) {
        throw new Error(`A recommendation cannot go from ${current.status} to ${chosen.status}`);
      }
      const next = { ...chosen, version: current.version + 1 };
      const writes = [
        putRecommendation(deps.advisorTable, next),
        ...(next.status === current.status ? [] : releaseMiners(deps.advisorTable, next)),
        ...(counters ? [countItem(deps.advisorTable, next, counters, deps.clock.nowMs())] : []),
        ...items,
      ];
      const result = await deps.commit(writes, events);
      if (result.ok) return succeed(next);
      if (result.conflict !== 0)
        throw new Error(`Item ${result.conflict} of a change to recommendation ${id} was refused`);
    }
    throw new Error(`Recommendation ${id} stayed contended over ${attempts} attempts`);
  };
