import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readEvents } from '../audit/events-in-order.ts';
import { type DeliverDeps, deliver } from './deliver.ts';
import { newDelivery } from './delivery.ts';
import {
  cancelDelivery,
  type DeliveryRef,
  insertDelivery,
  leaseAttempt,
  listDeliveries,
  listDue,
  postponeSweep,
  readDelivery,
  recordAttempt,
  restartDelivery,
} from './delivery-repository.ts';
import type { Endpoint } from './endpoint.ts';
import { insertEndpoint, noteHealth, readEndpoint, replaceEndpoint } from './endpoint-repository.ts';
import { fanOut } from './fan-out.ts';
import { readNetworks } from './public-address.ts';
import { resolveTarget } from './resolve-target.ts';
import { retryDelaysMs } from './retry-schedule.ts';
import { type SendResult, sendMessage } from './send-message.ts';
import { writeSecret } from './sign-message.ts';
import { sweep } from './sweep.ts';
import { startReceiver } from './test-receiver.ts';
import { anEndpoint, anEvent, siteId, startWebhookTables } from './test-webhooks.ts';
import { endpointEvent } from './webhook-events.ts';

let tables: Awaited<ReturnType<typeof startWebhookTables>>;
beforeAll(async () => {
  tables = await startWebhookTables();
});
afterAll(() => tables?.close());
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** In the future, so that the tables' time to live lets everything be. */
const start = Date.parse('2036-06-01T00:00:00Z');
const day = 86_400_000;
let nowMs = start;
const clock = { nowMs: () => nowMs };
let endpoints = 0;

const secretOf = (sealed: string) => createHash('sha256').update(sealed).digest();
const overSockets = sendMessage({
  resolve: resolveTarget(readNetworks('127.0.0.0/8')),
  nowMs: clock.nowMs,
  timeoutMs: 5_000,
});

const hook = (number: number) => `wh-${String(number).padStart(24, 'f')}`;

/** The queue: messages with their time, taken by whoever runs. */
const newQueue = () => {
  const messages: { ref: DeliveryRef; atMs: number }[] = [];
  return {
    messages,
    ask: async (ref: DeliveryRef, delayMs: number) => {
      messages.push({ ref, atMs: nowMs + delayMs });
    },
    take: () => {
      const at = messages.findIndex(({ atMs }) => atMs <= nowMs);
      return at < 0 ? undefined : messages.splice(at, 1)[0]?.ref;
    },
  };
};
type Queue = ReturnType<typeof newQueue>;

const depsOf = (queue: Queue, send: DeliverDeps['send']): DeliverDeps => ({
  readEndpoint: readEndpoint(tables.store),
  replaceEndpoint: replaceEndpoint(tables.store),
  noteHealth: noteHealth(tables.store),
  readDelivery: readDelivery(tables.store),
  lease: leaseAttempt(tables.store),
  record: recordAttempt(tables.store),
  cancel: cancelDelivery(tables.store),
  openSecret: async (_, sealed) => secretOf(sealed),
  send,
  requestAttempt: queue.ask,
  clock,
  random: () => 0.5,
});
const sweepInto = (queue: Queue) =>
  sweep({
    listDue: listDue(tables.store),
    postpone: postponeSweep(tables.store),
    requestAttempt: queue.ask,
    clock,
  });

/** A fresh endpoint, and a delivery of one event to it. */
const begin = async (change: Partial<Endpoint> = {}) => {
  nowMs = start;
  const webhookId = `wh-${String(++endpoints).padStart(24, '0')}`;
  const endpoint = anEndpoint({ webhookId, ...change });
  const created = endpointEvent(
    endpoint,
    { actor_type: 'user', actor_id: '1' },
    'webhooks.endpoint.created',
    {
      event_types: ['*'],
    },
  );
  expect(await insertEndpoint(tables.store)(endpoint, created)).toBe(true);
  const queue = newQueue();
  const event = anEvent({ site_id: endpoint.siteId });
  const delivery = newDelivery(event, webhookId, nowMs);
  const ref = { siteId: endpoint.siteId, webhookId, deliveryId: delivery.deliveryId };
  expect(await insertDelivery(tables.store)(delivery, nowMs)).toBe(true);
  await queue.ask(ref, 0);
  const stored = () => readDelivery(tables.store)(webhookId, delivery.deliveryId);
  return { endpoint, queue, event, ref, stored };
};
/** A site of its own for each endpoint, so that none has too many. */
const ownSite = () => ({ siteId: 1_000 + endpoints });

/** Lets the queue and the sweep work and time pass until nothing waits, or until the time. */
const runUntil = async (queue: Queue, attempt: (ref: DeliveryRef) => Promise<unknown>, untilMs: number) => {
  for (; nowMs <= untilMs; nowMs += 30_000) {
    await sweepInto(queue)();
    for (let ref = queue.take(); ref; ref = queue.take()) await attempt(ref);
    const waits = await listDue(tables.store)(Number.MAX_SAFE_INTEGER, 1);
    if (waits.length === 0 && queue.messages.length === 0) return;
    const next = Math.min(...queue.messages.map(({ atMs }) => atMs), Number(waits[0]?.due_sk.slice(0, 13)));
    if (next > nowMs + 60_000) nowMs = next - 30_000;
  }
};

describe('a delivery', () => {
  it('arrives at the first attempt, signed with each valid secret', async () => {
    const receiver = await startReceiver({});
    closers.push(receiver.close);
    const { queue, event, ref, stored } = await begin({
      ...ownSite(),
      url: receiver.url,
      secrets: [
        { sealed: 'bmV3' },
        { sealed: 'b2xk', untilMs: start + 1 },
        { sealed: 'b2xkZXI=', untilMs: start },
      ],
    });
    nowMs = start;
    expect(await deliver(depsOf(queue, overSockets))(ref)).toBe('delivered');
    const [one] = receiver.received;
    expect(JSON.parse(one?.body ?? '')).toEqual({
      type: event.type,
      timestamp: event.created_at,
      data: event.payload,
      version: 1,
      event_id: event.event_id,
      site_id: event.site_id,
      actor_type: 'system',
      actor_id: 'control',
      ref_type: 'command',
      ref_id: 'cmd-1',
    });
    expect(one?.headers['webhook-id']).toBe(event.event_id);
    const signatures = String(one?.headers['webhook-signature']).split(' ');
    expect(signatures).toHaveLength(2);
    const at = new Date(start);
    for (const [index, sealed] of ['bmV3', 'b2xk'].entries())
      expect(new Webhook(writeSecret(secretOf(sealed))).sign(event.event_id, at, one?.body ?? '')).toBe(
        signatures[index],
      );
    expect(await stored()).toMatchObject({ status: 'delivered', made: 1, attempts: [{ statusCode: 200 }] });
    expect(await deliver(depsOf(queue, overSockets))(ref)).toBe('none');
    expect(receiver.received).toHaveLength(1);
  });

  it('is tried ten times over three days with one id, and then given up', async () => {
    const receiver = await startReceiver({ answer: () => 500 });
    closers.push(receiver.close);
    const { queue, event, stored } = await begin({ ...ownSite(), url: receiver.url });
    const attempt = deliver(depsOf(queue, overSockets));
    await runUntil(queue, attempt, start + 10 * day);
    const delivery = await stored();
    expect(delivery).toMatchObject({ status: 'failed', made: 10 });
    expect(receiver.received).toHaveLength(retryDelaysMs.length);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id']))).toEqual(
      new Set([event.event_id]),
    );
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    const waits = (delivery?.attempts ?? []).map(
      ({ atMs }, index, all) => atMs - (all[index - 1]?.atMs ?? atMs),
    );
    waits.forEach((waited, index) => {
      const planned = retryDelaysMs[index] ?? 0;
      expect(waited).toBeGreaterThanOrEqual(planned);
      expect(waited).toBeLessThanOrEqual(planned * 1.1 + 90_000);
    });
  });

  it('is cancelled when its endpoint is disabled, gone or another’s', async () => {
    const send = async (): Promise<SendResult> => {
      throw new Error('must not be sent');
    };
    const disabled = await begin({ ...ownSite(), enabled: false });
    expect(await deliver(depsOf(disabled.queue, send))(disabled.ref)).toBe('cancelled');
    expect(await disabled.stored()).toMatchObject({ status: 'cancelled', made: 0 });
    const gone = await begin(ownSite());
    const gonePlace = { ...gone.ref, siteId: 999_999 };
    expect(await deliver(depsOf(gone.queue, send))(gonePlace)).toBe('cancelled');
    const foreign = await begin({ ...ownSite(), tenantId: 'rival' });
    expect(await deliver(depsOf(foreign.queue, send))(foreign.ref)).toBe('cancelled');
  });

  it('disables an endpoint that answers 410, with an event', async () => {
    const { queue, ref, endpoint, stored } = await begin(ownSite());
    const send = async (): Promise<SendResult> => ({ outcome: 'response', statusCode: 410 });
    expect(await deliver(depsOf(queue, send))(ref)).toBe('failed');
    expect(await readEndpoint(tables.store)(endpoint.siteId, ref.webhookId)).toMatchObject({
      enabled: false,
      disabledReason: 'gone',
      version: 2,
    });
    expect((await stored())?.status).toBe('failed');
    const events = await readEvents(tables.store)(endpoint.siteId, 1, 10);
    expect(events.map(({ event }) => [event.type, event.actor_id, event.payload])).toEqual([
      ['webhooks.endpoint.created', '1', { webhook_id: ref.webhookId, event_types: ['*'] }],
      ['webhooks.endpoint.disabled', 'webhooks', { webhook_id: ref.webhookId, reason: 'gone' }],
    ]);
  });

  it('disables an endpoint that took nothing for five days, and forgives one that did', async () => {
    const { queue, ref, endpoint } = await begin(ownSite());
    let status = 500;
    const send = async (): Promise<SendResult> => ({ outcome: 'response', statusCode: status });
    const attempt = deliver(depsOf(queue, send));
    const next = async (atMs: number) => {
      nowMs = atMs;
      const one = newDelivery(anEvent({ site_id: endpoint.siteId }), ref.webhookId, nowMs);
      await insertDelivery(tables.store)(one, nowMs);
      await attempt({ ...ref, deliveryId: one.deliveryId });
      return readEndpoint(tables.store)(endpoint.siteId, ref.webhookId);
    };
    expect(await next(start)).toMatchObject({ enabled: true, failingSinceMs: start });
    expect(await next(start + 4 * day)).toMatchObject({ enabled: true, failingSinceMs: start });
    status = 200;
    expect((await next(start + 4.5 * day))?.failingSinceMs).toBeUndefined();
    status = 500;
    expect(await next(start + 6 * day)).toMatchObject({ enabled: true, failingSinceMs: start + 6 * day });
    expect(await next(start + 11 * day)).toMatchObject({ enabled: false, disabledReason: 'failing' });
    const events = await readEvents(tables.store)(endpoint.siteId, 1, 10);
    expect(events.at(-1)?.event.payload).toEqual({
      webhook_id: ref.webhookId,
      reason: 'failing',
      failing_since_ms: start + 6 * day,
    });
  });

  it('is sent off again by a replay once, with the id and body of before', async () => {
    const { queue, ref, stored } = await begin(ownSite());
    const bodies: string[] = [];
    const send: DeliverDeps['send'] = async (_, body, headers) => {
      bodies.push(`${headers['webhook-id']} ${body}`);
      return { outcome: 'response', statusCode: 200 };
    };
    const attempt = deliver(depsOf(queue, send));
    await attempt(ref);
    const restart = restartDelivery(tables.store);
    expect([
      await restart(ref, 'rp-1', nowMs),
      await attempt(ref),
      await restart(ref, 'rp-1', nowMs),
      await attempt(ref),
      await restart(ref, 'rp-2', nowMs),
      await restart(ref, 'rp-3', nowMs),
      await attempt(ref),
    ]).toEqual([true, 'delivered', false, 'none', true, false, 'delivered']);
    expect([bodies.length, new Set(bodies).size]).toEqual([3, 1]);
    expect(await stored()).toMatchObject({ made: 3, round: 1, replayId: 'rp-2' });
  });

  it('is made by one of many that try at once', async () => {
    const { queue, ref, stored } = await begin(ownSite());
    let sent = 0;
    const attempt = deliver(
      depsOf(queue, async () => {
        sent++;
        return { outcome: 'response', statusCode: 200 };
      }),
    );
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => attempt(ref)));
    expect([sent, outcomes.filter((one) => one === 'delivered').length]).toEqual([1, 1]);
    expect((await stored())?.made).toBe(1);
  });
});

describe('whatever breaks off', () => {
  class Crash extends Error {}

  /** Ends the run at the n-th call of any dependency, before or after it has worked. */
  const crashingAt = (deps: DeliverDeps, at: number, isAfter: boolean): DeliverDeps => {
    let calls = 0;
    const wrap =
      <A extends unknown[], R>(work: (...given: A) => Promise<R>) =>
      async (...given: A): Promise<R> => {
        const isHere = calls++ === at;
        if (isHere && !isAfter) throw new Crash();
        const result = await work(...given);
        if (isHere) throw new Crash();
        return result;
      };
    return {
      ...deps,
      readEndpoint: wrap(deps.readEndpoint),
      replaceEndpoint: wrap(deps.replaceEndpoint),
      noteHealth: wrap(deps.noteHealth),
      readDelivery: wrap(deps.readDelivery),
      lease: wrap(deps.lease),
      record: wrap(deps.record),
      cancel: wrap(deps.cancel),
      openSecret: wrap(deps.openSecret),
      send: wrap(deps.send),
      requestAttempt: wrap(deps.requestAttempt),
    };
  };

  it('an event arrives once the endpoint takes it, at most once more for each crash, and nothing waits for ever', async () => {
    const schedule = fc.record({
      /** How each attempt that reaches the endpoint is answered; then 200. */
      answers: fc.array(fc.constantFrom(200, 500, 429, 302), { maxLength: 4 }),
      crashes: fc.array(fc.record({ at: fc.integer({ min: 0, max: 8 }), isAfter: fc.boolean() }), {
        maxLength: 4,
      }),
      /** Messages of the queue that are lost or come twice. */
      lost: fc.array(fc.boolean(), { maxLength: 4 }),
      twice: fc.array(fc.boolean(), { maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(schedule, async ({ answers, crashes, lost, twice }) => {
        const { ref, event, stored } = await begin(ownSite());
        const arrived: { status: number; id: string }[] = [];
        const left = [...answers];
        const send: DeliverDeps['send'] = async (_, __, headers) => {
          const statusCode = left.shift() ?? 200;
          arrived.push({ status: statusCode, id: headers['webhook-id'] });
          return { outcome: 'response', statusCode };
        };
        const queue = newQueue();
        const asked = queue.ask;
        const losses = [...lost];
        const repeats = [...twice];
        queue.ask = async (to, delayMs) => {
          if (losses.shift()) return;
          await asked(to, delayMs);
          if (repeats.shift()) await asked(to, delayMs);
        };
        const plan = [...crashes];
        const attempt = async (to: DeliveryRef) => {
          const crash = plan.shift();
          const deps = depsOf(queue, send);
          try {
            await deliver(crash ? crashingAt(deps, crash.at, crash.isAfter) : deps)(to);
          } catch (error) {
            if (!(error instanceof Crash)) throw error;
          }
        };
        await queue.ask(ref, 0);
        await runUntil(queue, attempt, start + 20 * day);
        const accepted = arrived.filter(({ status }) => status === 200).length;
        expect((await stored())?.status).toBe('delivered');
        expect(accepted).toBeGreaterThanOrEqual(1);
        expect(accepted).toBeLessThanOrEqual(1 + crashes.length);
        expect(new Set(arrived.map(({ id }) => id))).toEqual(new Set([event.event_id]));
        expect(await listDue(tables.store)(Number.MAX_SAFE_INTEGER, 5)).toEqual([]);
      }),
      { numRuns: 25 },
    );
  }, 120_000);
});

describe('an event', () => {
  it('becomes one delivery for each endpoint of its site and tenant that asked for its type, however often it comes', async () => {
    nowMs = start;
    const all = [
      anEndpoint({ webhookId: hook(1), eventTypes: ['control.command.*'] }),
      anEndpoint({ webhookId: hook(2), eventTypes: ['control.command.expired', 'fleet.*'] }),
      anEndpoint({ webhookId: hook(3), eventTypes: ['fleet.*'] }),
      anEndpoint({ webhookId: hook(4), enabled: false }),
      anEndpoint({ webhookId: hook(5), tenantId: 'rival' }),
    ];
    const queue = newQueue();
    const spread = fanOut({
      listEndpoints: async (site) => (site === siteId ? all : []),
      insert: insertDelivery(tables.store),
      requestAttempt: queue.ask,
      clock,
    });
    const event = anEvent();
    expect([await spread(event), await spread(event), await spread(anEvent({ site_id: 8 }))]).toEqual([
      2, 0, 0,
    ]);
    expect(new Set(queue.messages.map(({ ref }) => ref.webhookId))).toEqual(new Set([hook(1), hook(2)]));
    for (const [webhookId, count] of [[hook(1), 1] as const, [hook(3), 0] as const, [hook(5), 0] as const])
      expect((await listDeliveries(tables.store)(webhookId, 10)).deliveries).toHaveLength(count);
  });

  it('is listed newest first, in pages, by status', async () => {
    const webhookId = hook(99);
    const ids: string[] = [];
    for (let at = 0; at < 25; at++) {
      const event = anEvent({ created_at: new Date(start + at * 1_000).toISOString() });
      const delivery = newDelivery(event, webhookId, start);
      ids.unshift(delivery.deliveryId);
      await insertDelivery(tables.store)(
        { ...delivery, status: at % 3 === 0 ? 'failed' : 'delivered' },
        start,
      );
    }
    const list = listDeliveries(tables.store);
    const collect = async (limit: number, status?: 'failed') => {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await list(webhookId, limit, status, cursor);
        expect(page.deliveries.length).toBeLessThanOrEqual(limit);
        found.push(...page.deliveries.map(({ deliveryId }) => deliveryId));
        cursor = page.nextCursor && Buffer.from(page.nextCursor, 'base64url').toString('latin1');
      } while (cursor);
      return found;
    };
    expect(await collect(7)).toEqual(ids);
    expect(await collect(2, 'failed')).toEqual(ids.filter((_, index) => (24 - index) % 3 === 0));
  });
});
