import { randomBytes } from 'node:crypto';
import type * as z from 'zod';
import type { Principal } from '../../contracts/access.ts';
import type { replay } from '../../contracts/api-webhooks.ts';
import type { DomainEvent, NewDomainEvent } from '../../contracts/domain-event.ts';
import { matchesAny } from '../../contracts/event-filter.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { type Clock, toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type DeliveryRecord, newDelivery } from './delivery.ts';
import type { DeliveryRef } from './delivery-repository.ts';
import type { Endpoint } from './endpoint.ts';
import { actorOf } from './manage-endpoints.ts';
import type { ReplayRecord } from './replay-repository.ts';
import { endpointEvent } from './webhook-events.ts';

/** A replay's next page is asked for with this. */
export type ReplayRef = {
  readonly siteId: number;
  readonly webhookId: string;
  readonly replayId: string;
};
type Restart = (ref: DeliveryRef, replayId: string, nowMs: number) => Promise<boolean>;

const mostDays = 31;
const newReplayId = () => `rp-${randomBytes(12).toString('hex')}`;
const disabled = fail('invalid_state', 'The webhook is disabled; enable it first');

export const presentReplay = (one: ReplayRecord): z.input<typeof replay> => ({
  replay_id: one.replayId,
  from: toUtc(one.fromMs),
  to: toUtc(one.toMs),
  status: one.isDone ? 'done' : 'running',
  queued: one.queued,
});

export type StartReplayDeps = {
  readonly note: (items: readonly TransactItem[], event: NewDomainEvent) => Promise<unknown>;
  readonly replayItem: (replay: ReplayRecord) => TransactItem;
  readonly requestPage: (ref: ReplayRef) => Promise<void>;
  readonly clock: Clock;
};

/** Begins to send again what a site's log holds of a time and the endpoint asks for, whether it had it before or not. */
export const startReplay =
  (deps: StartReplayDeps) =>
  async (who: Principal, endpoint: Endpoint, fromMs: number, toMs: number): Promise<Result<ReplayRecord>> => {
    if (!endpoint.enabled) return disabled;
    if (toMs - fromMs > mostDays * 86_400_000)
      return fail('validation_failed', `to: must be at most ${mostDays} days after from`, [
        { field: 'to', message: `to: must be at most ${mostDays} days after from` },
      ]);
    const { webhookId, siteId, tenantId } = endpoint;
    const made: ReplayRecord = {
      replayId: newReplayId(),
      webhookId,
      siteId,
      tenantId,
      fromMs,
      toMs,
      isDone: false,
      queued: 0,
      createdAtMs: deps.clock.nowMs(),
    };
    const event = endpointEvent(endpoint, actorOf(who), 'webhooks.endpoint.replayed', {
      from_ms: fromMs,
      to_ms: toMs,
    });
    await deps.note([deps.replayItem(made)], event);
    await deps.requestPage({ siteId, webhookId, replayId: made.replayId });
    return succeed(made);
  };

export type ReplayOneDeps = Pick<StartReplayDeps, 'note' | 'clock'> & {
  readonly readDelivery: (webhookId: string, deliveryId: string) => Promise<DeliveryRecord | undefined>;
  readonly restart: Restart;
  readonly requestAttempt: (ref: DeliveryRef, delayMs: number) => Promise<void>;
};

/** Sends one event again, with its id and its body. Fails with `invalid_state` while it is still on its way. */
export const replayOne =
  (deps: ReplayOneDeps) =>
  async (who: Principal, endpoint: Endpoint, deliveryId: string): Promise<Result<DeliveryRecord>> => {
    const { siteId, webhookId } = endpoint;
    const before = await deps.readDelivery(webhookId, deliveryId);
    if (!before) return fail('not_found', 'Delivery not found');
    if (!endpoint.enabled) return disabled;
    if (before.status === 'pending') return fail('invalid_state', 'The delivery is still on its way');
    await deps.note(
      [],
      endpointEvent(endpoint, actorOf(who), 'webhooks.endpoint.replayed', { delivery_id: deliveryId }),
    );
    const ref = { siteId, webhookId, deliveryId };
    await deps.restart(ref, newReplayId(), deps.clock.nowMs());
    await deps.requestAttempt(ref, 0);
    const after = await deps.readDelivery(webhookId, deliveryId);
    return after ? succeed(after) : fail('not_found', 'Delivery not found');
  };

export type ReplayPageDeps = {
  /** How many events of the log a page is. */
  readonly pageSize: number;
  readonly readEndpoint: (siteId: number, webhookId: string) => Promise<Endpoint | undefined>;
  readonly readReplay: (webhookId: string, replayId: string) => Promise<ReplayRecord | undefined>;
  readonly advance: (
    before: ReplayRecord,
    step: { readonly nextSeq: number; readonly isDone: boolean; readonly queued: number },
  ) => Promise<boolean>;
  /** The number of the site's first event at or after a time, give or take the clocks' skew. */
  readonly seqAt: (siteId: number, atMs: number) => Promise<number>;
  /** A site's events from a number on, at most so many; fewer where the log ends. */
  readonly readEvents: (
    siteId: number,
    fromSeq: number,
    most: number,
  ) => Promise<readonly { readonly seq: number; readonly event: DomainEvent }[]>;
  readonly insert: (delivery: DeliveryRecord, nowMs: number) => Promise<boolean>;
  readonly restart: Restart;
  readonly requestAttempt: (ref: DeliveryRef, delayMs: number) => Promise<void>;
  readonly requestPage: (ref: ReplayRef) => Promise<void>;
  readonly clock: Clock;
};

/** Clocks of different functions may differ so much, so events are not quite in the order of their times. */
const skewMs = 60_000;

/**
 * Takes a replay one page on. Whatever comes twice or breaks off sends nothing twice: a delivery remembers the replay that
 * restarted it, and the place is written when the page is done.
 */
export const replayPage =
  (deps: ReplayPageDeps) =>
  async ({ siteId, webhookId, replayId }: ReplayRef): Promise<void> => {
    const [endpoint, before] = await Promise.all([
      deps.readEndpoint(siteId, webhookId),
      deps.readReplay(webhookId, replayId),
    ]);
    if (!before || before.isDone) return;
    if (!endpoint?.enabled || endpoint.tenantId !== before.tenantId) {
      await deps.advance(before, { nextSeq: before.nextSeq ?? 1, isDone: true, queued: 0 });
      return;
    }
    const fromSeq = before.nextSeq ?? (await deps.seqAt(siteId, before.fromMs - skewMs));
    const page = await deps.readEvents(siteId, fromSeq, deps.pageSize);
    let queued = 0;
    for (const { event } of page) {
      const atMs = Date.parse(event.created_at);
      const isWanted =
        atMs >= before.fromMs &&
        atMs < before.toMs &&
        event.tenant_id === endpoint.tenantId &&
        matchesAny(endpoint.eventTypes, event.type);
      if (isWanted && (await sendAgain(deps, before, event))) queued++;
    }
    const last = page.at(-1);
    const isDone =
      page.length < deps.pageSize || !last || Date.parse(last.event.created_at) >= before.toMs + skewMs;
    const advanced = await deps.advance(before, { nextSeq: (last?.seq ?? fromSeq) + 1, isDone, queued });
    if (advanced && !isDone) await deps.requestPage({ siteId, webhookId, replayId });
  };

const sendAgain = async (
  { insert, restart, requestAttempt, clock }: ReplayPageDeps,
  { webhookId, siteId, replayId }: ReplayRecord,
  event: DomainEvent,
): Promise<boolean> => {
  const nowMs = clock.nowMs();
  const delivery = { ...newDelivery(event, webhookId, nowMs), replayId };
  const ref = { siteId, webhookId, deliveryId: delivery.deliveryId };
  const isSent = (await insert(delivery, nowMs)) || (await restart(ref, replayId, nowMs));
  if (isSent) await requestAttempt(ref, 0);
  return isSent;
};
