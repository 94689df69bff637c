import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import {
  deliveriesAnswer,
  deliveryAnswer,
  pingAnswer,
  replayAnswer,
  webhookAnswer,
  webhookWithSecret,
} from '../contracts/api-webhooks.ts';
import { type Received, type Receiver, startReceiver } from '../lambdas/webhooks/test-receiver.ts';
import { eventually, type RunningCloud, startCloud } from './support/running-cloud.ts';

let cloud: RunningCloud;
let receiver: Receiver;
/** What the receiver answers next; 200 when there is nothing more. */
const answers: number[] = [];
beforeAll(async () => {
  [cloud, receiver] = await Promise.all([
    startCloud(1),
    startReceiver({ answer: () => answers.shift() ?? 200 }),
  ]);
}, 120_000);
afterAll(async () => {
  await receiver?.close();
  await cloud?.close();
});

const headersOf = ({ headers }: Received) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
const payload = z.object({ type: z.string(), event_id: z.string(), site_id: z.int(), data: z.json() });
/** As the peer library verifies and parses it. */
const opened = (secret: string, one: Received) =>
  payload.parse(new Webhook(secret).verify(one.body, headersOf(one)));
const sentOf = (type: string) =>
  receiver.received.filter(({ body }) => payload.parse(JSON.parse(body)).type === type);

const api = async <T>(schema: z.ZodType<T>, method: string, path: string, body?: object, status = 200) => {
  const answer = await cloud.call('owner', method, path, { ...(body && { body }) });
  expect({ path, status: answer.status, text: answer.text }).toMatchObject({ status });
  return schema.parse(answer.body);
};

it('sends a site’s events to its endpoint, signed, through the whole system, and again when asked', async () => {
  const { siteId } = cloud.record;
  const mine = { site_id: siteId };
  const { webhook, secret } = await api(
    webhookWithSecret,
    'POST',
    '/api/v1/webhooks',
    { ...mine, url: receiver.url, event_types: ['fleet.*'] },
    201,
  );
  const path = `/api/v1/webhooks/${webhook.webhook_id}`;
  const deliveries = async () =>
    (await api(deliveriesAnswer, 'GET', `${path}/deliveries?site_id=${siteId}`)).deliveries;
  const settled = (id: string) =>
    eventually('the end of a delivery', async () =>
      (await deliveries()).find(({ delivery_id, status }) => delivery_id === id && status !== 'pending'),
    );

  // A ping goes to the endpoint though it did not ask for the type.
  const ping = await api(pingAnswer, 'POST', `${path}/ping`, mine, 202);
  expect(await settled(ping.delivery_id)).toMatchObject({ status: 'delivered', attempt_count: 1 });
  const [pinged] = sentOf('webhooks.endpoint.pinged');
  expect(pinged && opened(secret, pinged)).toMatchObject({
    site_id: siteId,
    data: { webhook_id: webhook.webhook_id },
  });

  // A genuine event comes over the audit log, the bus and the queues; a first refusal is tried again after five seconds.
  answers.push(500);
  const zone = { zone_id: 'zone-hook', name: 'Hook', zone_type: 'room', capacity_kw: 5 };
  await api(z.unknown(), 'POST', `/api/v1/sites/${siteId}/zones`, zone, 201);
  const sent = await eventually('two attempts', () => {
    const found = sentOf('fleet.zone.created');
    return found.length === 2 ? found : undefined;
  });
  const events = sent.map((one) => opened(secret, one));
  expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(1);
  expect(new Set(sent.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([events[0]?.event_id]));
  expect(sent[0]?.body).toBe(sent[1]?.body);
  const [delivery] = await deliveries();
  const id = delivery?.delivery_id ?? '';
  expect(await settled(id)).toMatchObject({
    event_type: 'fleet.zone.created',
    status: 'delivered',
    attempts: [{ status_code: 500 }, { status_code: 200 }],
  });

  // A new secret: both sign for a while.
  const renewed = await api(webhookWithSecret, 'POST', `${path}/secret`, { ...mine, overlap_hours: 1 });
  const again = await api(deliveryAnswer, 'POST', `${path}/deliveries/${id}/replay`, mine, 202);
  expect(again.body).toBe(sent[0]?.body);
  const third = await eventually('the replay', () => sentOf('fleet.zone.created')[2]);
  for (const valid of [secret, renewed.secret]) expect(opened(valid, third)).toEqual(events[0]);

  // Everything of a time, from the audit log: also what happened before there was a webhook.
  expect(await settled(id)).toMatchObject({ replayed: true, attempt_count: 3 });
  const { replay } = await api(
    replayAnswer,
    'POST',
    `${path}/replays`,
    { ...mine, from: '2020-01-01T00:00:00Z', to: '2020-01-20T00:00:00Z' },
    202,
  );
  const done = (replayId: string) =>
    eventually('the end of a replay', async () => {
      const answer = await api(replayAnswer, 'GET', `${path}/replays/${replayId}?site_id=${siteId}`);
      return answer.replay.status === 'done' ? answer.replay : undefined;
    });
  expect((await done(replay.replay_id)).queued).toBe(0);
  const today = Date.now();
  const all = await api(
    replayAnswer,
    'POST',
    `${path}/replays`,
    { ...mine, from: new Date(today - 3_600_000).toISOString(), to: new Date(today + 60_000).toISOString() },
    202,
  );
  expect((await done(all.replay.replay_id)).queued).toBeGreaterThanOrEqual(3);
  const created = await eventually('the site’s own creation', () => sentOf('fleet.site.created')[0]);
  expect(opened(renewed.secret, created).data).toMatchObject({ site_id: siteId });

  // Nothing goes to a disabled endpoint, and an address that is not public is refused.
  await api(webhookAnswer, 'PATCH', path, { ...mine, enabled: false });
  const refused = await cloud.call('owner', 'POST', `${path}/ping`, { body: mine });
  expect([refused.status, refused.body]).toMatchObject([400, { code: 'invalid_state' }]);
  for (const url of ['https://169.254.169.254/', 'http://10.0.0.1/', 'https://metadata.google.internal/']) {
    const answer = await cloud.call('owner', 'POST', '/api/v1/webhooks', {
      body: { ...mine, url, event_types: ['*'] },
    });
    expect([url, answer.status]).toEqual([url, 400]);
  }
  const removed = await cloud.call('owner', 'DELETE', `${path}?site_id=${siteId}`);
  expect([removed.status, removed.text]).toEqual([204, '']);
  expect((await cloud.call('owner', 'GET', `${path}?site_id=${siteId}`)).status).toBe(404);
}, 90_000);
