import { KMSClient } from '@aws-sdk/client-kms';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { Principal } from '../../contracts/access.ts';
import { readSite } from '../fleet/fleet-directory.ts';
import { reachSite } from '../fleet/manage-fleet.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { webhookRoutes } from './api.ts';
import { presentDelivery } from './delivery.ts';
import { insertDelivery, listDeliveries, readDelivery, restartDelivery } from './delivery-repository.ts';
import { presentEndpoint } from './endpoint.ts';
import * as endpoints from './endpoint-repository.ts';
import { urlFault } from './endpoint-url.ts';
import * as manage from './manage-endpoints.ts';
import { pingEndpoint } from './ping-endpoint.ts';
import { readNetworks } from './public-address.ts';
import { presentReplay, replayOne, startReplay } from './replay-events.ts';
import { readReplay, replayItem } from './replay-repository.ts';
import { requestAttempt } from './request-attempt.ts';
import { sealSecret } from './seal-secret.ts';

const env = config({
  WEBHOOKS_TABLE: z.string(),
  FLEET_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  SECRET_KEY_ID: z.string(),
  ATTEMPTS_QUEUE: z.string(),
  REPLAYS_QUEUE: z.string(),
  ALLOWED_NETWORKS: z.string(),
});
const db = documentClient();
const store = { db, webhooksTable: env.WEBHOOKS_TABLE, auditTable: env.AUDIT_TABLE };
const sqs = new SQSClient({});
const allowed = readNetworks(env.ALLOWED_NETWORKS);
const deps: manage.ManageDeps = {
  reach: reachSite(readSite({ db, fleetTable: env.FLEET_TABLE })),
  readEndpoint: endpoints.readEndpoint(store),
  listEndpoints: endpoints.listEndpoints(store),
  insertEndpoint: endpoints.insertEndpoint(store),
  replaceEndpoint: endpoints.replaceEndpoint(store),
  removeEndpoint: endpoints.removeEndpoint(store),
  seal: sealSecret(new KMSClient({}), env.SECRET_KEY_ID),
  urlFault: (url) => urlFault(url, allowed),
  clock: systemClock,
};
const note = endpoints.noteRequest(store);
const request = requestAttempt(sqs, env.ATTEMPTS_QUEUE);
const find = manage.findEndpoint(deps);
const deliveryOf = readDelivery(store);

const asBody = <T>(result: Result<T>) => (result.ok ? succeed({ body: result.value }) : result);

/** The delivery of an endpoint that the principal reaches. */
const findDelivery = async (who: Principal, siteId: number, webhookId: string, deliveryId: string) => {
  const found = await find(who, siteId, webhookId);
  if (!found.ok) return found;
  const delivery = await deliveryOf(webhookId, deliveryId);
  return delivery
    ? succeed({ delivery: presentDelivery(delivery), body: delivery.body })
    : fail('not_found', 'Delivery not found');
};

export const handler = apiHandler(webhookRoutes, {
  listWebhooks: async ({ who, query }) => asBody(await manage.listWebhooks(deps)(who, query.site_id)),
  createWebhook: async ({ who, body }) => asBody(await manage.createWebhook(deps)(who, body)),
  getWebhook: async ({ who, params, query }) => {
    const found = await find(who, query.site_id, params.webhook_id);
    return found.ok
      ? succeed({ body: { webhook: presentEndpoint(found.value, systemClock.nowMs()) } })
      : found;
  },
  changeWebhook: async ({ who, params, body }) =>
    asBody(await manage.changeWebhook(deps)(who, params.webhook_id, body)),
  removeWebhook: async ({ who, params, query }) =>
    asBody(await manage.removeWebhook(deps)(who, query.site_id, params.webhook_id)),
  rotateWebhookSecret: async ({ who, params, body }) =>
    asBody(await manage.rotateSecret(deps)(who, params.webhook_id, body)),
  pingWebhook: async ({ who, params, body }) => {
    const found = await find(who, body.site_id, params.webhook_id);
    if (!found.ok) return found;
    const ping = pingEndpoint({
      note,
      insert: insertDelivery(store),
      requestAttempt: request,
      clock: systemClock,
    });
    return asBody(await ping(who, found.value));
  },
  listDeliveries: async ({ who, params, query }) => {
    const found = await find(who, query.site_id, params.webhook_id);
    if (!found.ok) return found;
    const page = await listDeliveries(store)(params.webhook_id, query.limit, query.status, query.cursor);
    const deliveries = page.deliveries.map(presentDelivery);
    return succeed({
      body: {
        deliveries,
        count: deliveries.length,
        ...(page.nextCursor && { next_cursor: page.nextCursor }),
      },
    });
  },
  getDelivery: async ({ who, params, query }) =>
    asBody(await findDelivery(who, query.site_id, params.webhook_id, params.delivery_id)),
  replayDelivery: async ({ who, params, body }) => {
    const found = await find(who, body.site_id, params.webhook_id);
    if (!found.ok) return found;
    const again = replayOne({
      note,
      readDelivery: deliveryOf,
      restart: restartDelivery(store),
      requestAttempt: request,
      clock: systemClock,
    });
    const replayed = await again(who, found.value, params.delivery_id);
    return replayed.ok
      ? succeed({ body: { delivery: presentDelivery(replayed.value), body: replayed.value.body } })
      : replayed;
  },
  replayWebhook: async ({ who, params, body }) => {
    const found = await find(who, body.site_id, params.webhook_id);
    if (!found.ok) return found;
    const start = startReplay({
      note,
      replayItem: (one) => replayItem(store, one),
      requestPage: async (ref) => {
        await sqs.send(
          new SendMessageCommand({ QueueUrl: env.REPLAYS_QUEUE, MessageBody: JSON.stringify(ref) }),
        );
      },
      clock: systemClock,
    });
    const started = await start(who, found.value, Date.parse(body.from), Date.parse(body.to));
    return started.ok ? succeed({ body: { replay: presentReplay(started.value) } }) : started;
  },
  getWebhookReplay: async ({ who, params, query }) => {
    const found = await find(who, query.site_id, params.webhook_id);
    if (!found.ok) return found;
    const replay = await readReplay(store)(params.webhook_id, params.replay_id);
    return replay
      ? succeed({ body: { replay: presentReplay(replay) } })
      : fail('not_found', 'Replay not found');
  },
});
