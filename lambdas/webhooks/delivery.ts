import * as z from 'zod';
import {
  attemptOutcomes,
  deliveryId,
  deliveryStatuses,
  type Delivery as Shown,
  webhookId,
} from '../../contracts/api-webhooks.ts';
import type { DomainEvent } from '../../contracts/domain-event.ts';
import { epochMs, siteId, tenantId } from '../../contracts/identifiers.ts';
import { toUtc } from '../shared/clock.ts';
import { nextDelayMs } from './retry-schedule.ts';
import type { SendResult } from './send-message.ts';
import { deliveryIdOf } from './webhook-keys.ts';

const attempt = z.strictObject({
  atMs: epochMs,
  durationMs: z.int().nonnegative(),
  outcome: z.enum(attemptOutcomes),
  statusCode: z.int().optional(),
});
export type Attempt = z.infer<typeof attempt>;

/** One event on its way to one endpoint. `made` counts every attempt, `round` those since it was last (re)started. */
export const deliveryRecord = z.object({
  deliveryId,
  webhookId,
  siteId,
  tenantId,
  eventId: z.string(),
  eventType: z.string(),
  body: z.string(),
  status: z.enum(deliveryStatuses),
  made: z.int().nonnegative(),
  round: z.int().nonnegative(),
  attempts: z.array(attempt),
  createdAtMs: epochMs,
  nextAttemptAtMs: epochMs.optional(),
  leaseUntilMs: epochMs.optional(),
  /** The replay that last restarted it: a page of a replay that comes twice restarts it once. */
  replayId: z.string().optional(),
});
export type DeliveryRecord = z.infer<typeof deliveryRecord>;

const attemptsKept = 20;

/** The body of every attempt: Standard Webhooks' `type`, `timestamp` and `data`, and whom the event is about. */
export const bodyOf = (event: DomainEvent) =>
  JSON.stringify({
    type: event.type,
    timestamp: event.created_at,
    data: event.payload,
    version: event.version,
    event_id: event.event_id,
    site_id: event.site_id,
    actor_type: event.actor_type,
    actor_id: event.actor_id,
    ref_type: event.ref_type,
    ref_id: event.ref_id,
  });

export const newDelivery = (event: DomainEvent, id: string, nowMs: number): DeliveryRecord => ({
  deliveryId: deliveryIdOf(event.created_at, event.event_id),
  webhookId: id,
  siteId: event.site_id,
  tenantId: event.tenant_id,
  eventId: event.event_id,
  eventType: event.type,
  body: bodyOf(event),
  status: 'pending',
  made: 0,
  round: 0,
  attempts: [],
  createdAtMs: nowMs,
  nextAttemptAtMs: nowMs,
});

export const isSuccess = ({ statusCode = 0 }: Pick<Attempt, 'statusCode'>) =>
  statusCode >= 200 && statusCode < 300;

/** What a delivery becomes by an attempt: delivered, waiting for the next one, or failed for good. */
export const afterAttempt = (
  before: DeliveryRecord,
  made: Attempt,
  answer: SendResult,
  random: () => number,
): Pick<DeliveryRecord, 'status' | 'made' | 'round' | 'attempts' | 'nextAttemptAtMs'> => {
  const round = before.round + 1;
  const common = {
    made: before.made + 1,
    round,
    attempts: [...before.attempts, made].slice(-attemptsKept),
  };
  if (isSuccess(made)) return { ...common, status: 'delivered' };
  const delayMs = made.statusCode === 410 ? undefined : nextDelayMs(round, answer, random);
  return delayMs === undefined
    ? { ...common, status: 'failed' }
    : { ...common, status: 'pending', nextAttemptAtMs: made.atMs + made.durationMs + delayMs };
};

/** A delivery as the endpoint's owner sees it. */
export const presentDelivery = (one: DeliveryRecord): Shown => ({
  delivery_id: one.deliveryId,
  event_id: one.eventId,
  event_type: one.eventType,
  status: one.status,
  attempt_count: one.made,
  ...(one.status === 'pending' &&
    one.nextAttemptAtMs !== undefined && { next_attempt_at: toUtc(one.nextAttemptAtMs) }),
  replayed: one.replayId !== undefined,
  created_at: toUtc(one.createdAtMs),
  attempts: one.attempts.map(({ atMs, durationMs, outcome, statusCode }) => ({
    at: toUtc(atMs),
    outcome,
    ...(statusCode !== undefined && { status_code: statusCode }),
    duration_ms: durationMs,
  })),
});
