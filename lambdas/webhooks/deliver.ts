import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { Clock } from '../shared/clock.ts';
import { type Attempt, afterAttempt, type DeliveryRecord, isSuccess } from './delivery.ts';
import type { DeliveryRef } from './delivery-repository.ts';
import { type Endpoint, validSecrets, verdictOn } from './endpoint.ts';
import type { SendResult } from './send-message.ts';
import { type SignedHeaders, signMessage } from './sign-message.ts';
import { endpointEvent, webhooksActor } from './webhook-events.ts';

export type DeliverDeps = {
  readonly readEndpoint: (siteId: number, webhookId: string) => Promise<Endpoint | undefined>;
  readonly replaceEndpoint: (next: Endpoint, events: readonly NewDomainEvent[]) => Promise<boolean>;
  readonly noteHealth: (endpoint: Endpoint, failingSinceMs: number | undefined) => Promise<void>;
  readonly readDelivery: (webhookId: string, deliveryId: string) => Promise<DeliveryRecord | undefined>;
  readonly lease: (delivery: DeliveryRecord, nowMs: number, leaseMs: number) => Promise<boolean>;
  readonly record: (
    before: DeliveryRecord,
    after: ReturnType<typeof afterAttempt>,
    quickMs: number,
    nowMs: number,
  ) => Promise<boolean>;
  readonly cancel: (delivery: DeliveryRecord) => Promise<boolean>;
  readonly openSecret: (endpoint: Endpoint, sealed: string) => Promise<Uint8Array>;
  readonly send: (url: string, body: string, headers: SignedHeaders) => Promise<SendResult>;
  /** Asks for an attempt after so long, at most a quarter of an hour. */
  readonly requestAttempt: (ref: DeliveryRef, delayMs: number) => Promise<void>;
  readonly clock: Clock;
  readonly random: () => number;
};

/** Longer than an attempt can take; after it another may take the attempt over. */
const leaseMs = 60_000;
/** A queue can delay a message so long; what waits longer is found by the sweep. */
const quickMs = 15 * 60_000;

/**
 * Makes the next attempt of a delivery, if it is due and nobody else has it, and plans the one after. It may be called as often
 * as one likes. An endpoint that answers 410, or took nothing for days, is disabled with an event.
 */
export const deliver =
  (deps: DeliverDeps) =>
  async (ref: DeliveryRef): Promise<DeliveryRecord['status'] | 'none'> => {
    const { clock } = deps;
    const [endpoint, delivery] = await Promise.all([
      deps.readEndpoint(ref.siteId, ref.webhookId),
      deps.readDelivery(ref.webhookId, ref.deliveryId),
    ]);
    if (delivery?.status !== 'pending') return 'none';
    if (endpoint?.tenantId !== delivery.tenantId || !endpoint.enabled) {
      await deps.cancel(delivery);
      return 'cancelled';
    }
    const startMs = clock.nowMs();
    if ((delivery.nextAttemptAtMs ?? 0) > startMs) return 'none';
    if (!(await deps.lease(delivery, startMs, leaseMs))) return 'none';
    const secrets = await Promise.all(
      validSecrets(endpoint, startMs).map(({ sealed }) => deps.openSecret(endpoint, sealed)),
    );
    const headers = signMessage(secrets, delivery.eventId, startMs, delivery.body);
    const answer = await deps.send(endpoint.url, delivery.body, headers);
    const nowMs = clock.nowMs();
    const attempt: Attempt = {
      atMs: startMs,
      durationMs: Math.max(0, nowMs - startMs),
      outcome: answer.outcome,
      ...(answer.statusCode !== undefined && { statusCode: answer.statusCode }),
    };
    const after = afterAttempt(delivery, attempt, answer, deps.random);
    if (!(await deps.record(delivery, after, quickMs, nowMs))) return 'none';
    await judgeEndpoint(deps, endpoint, attempt);
    const waitMs = (after.nextAttemptAtMs ?? 0) - nowMs;
    if (after.status === 'pending' && waitMs <= quickMs) await deps.requestAttempt(ref, Math.max(0, waitMs));
    return after.status;
  };

const judgeEndpoint = async (deps: DeliverDeps, endpoint: Endpoint, attempt: Attempt) => {
  const verdict = verdictOn(endpoint, { ...attempt, isSuccess: isSuccess(attempt) });
  switch (verdict) {
    case 'well':
    case 'failing':
      return;
    case 'recovered':
      return deps.noteHealth(endpoint, undefined);
    case 'begins_failing':
      return deps.noteHealth(endpoint, attempt.atMs);
    case 'disable_gone':
    case 'disable_failing':
      return disable(deps, endpoint, verdict === 'disable_gone' ? 'gone' : 'failing', attempt.atMs);
  }
};

/** A change by a person that came meanwhile stands; the next failure judges anew. */
const disable = async (deps: DeliverDeps, before: Endpoint, reason: 'gone' | 'failing', atMs: number) => {
  const next: Endpoint = {
    ...before,
    enabled: false,
    disabledReason: reason,
    updatedAtMs: atMs,
    version: before.version + 1,
  };
  const { failingSinceMs } = before;
  await deps.replaceEndpoint(next, [
    endpointEvent(before, webhooksActor, 'webhooks.endpoint.disabled', {
      reason,
      ...(failingSinceMs !== undefined && { failing_since_ms: failingSinceMs }),
    }),
  ]);
};
