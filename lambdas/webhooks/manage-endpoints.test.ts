import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../contracts/access.ts';
import { newWebhook, webhookChange } from '../../contracts/api-webhooks.ts';
import type { DomainEvent } from '../../contracts/domain-event.ts';
import { commitWithAudit } from '../audit/commit-with-audit.ts';
import { readEvents, seqAt } from '../audit/events-in-order.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { insertDelivery, listDeliveries, readDelivery, restartDelivery } from './delivery-repository.ts';
import { mostEndpoints, validSecrets } from './endpoint.ts';
import {
  insertEndpoint,
  listEndpoints,
  noteRequest,
  readEndpoint,
  removeEndpoint,
  replaceEndpoint,
} from './endpoint-repository.ts';
import { urlFault } from './endpoint-url.ts';
import {
  changeWebhook,
  createWebhook,
  findEndpoint,
  listWebhooks,
  type ManageDeps,
  removeWebhook,
  rotateSecret,
} from './manage-endpoints.ts';
import { readNetworks } from './public-address.ts';
import { type ReplayPageDeps, type ReplayRef, replayPage, startReplay } from './replay-events.ts';
import { advanceReplay, readReplay, replayItem } from './replay-repository.ts';
import { openSecret, sealSecret } from './seal-secret.ts';
import { writeSecret } from './sign-message.ts';
import { startSecretKey, startWebhookTables, tenantId } from './test-webhooks.ts';
import { endpointEvent } from './webhook-events.ts';

let tables: Awaited<ReturnType<typeof startWebhookTables>>;
let key: Awaited<ReturnType<typeof startSecretKey>>;
beforeAll(async () => {
  [tables, key] = await Promise.all([startWebhookTables(), startSecretKey()]);
});
afterAll(async () => {
  await tables?.close();
  await key?.close();
});

const hour = 3_600_000;
const start = Date.parse('2036-06-01T00:00:00Z');
let nowMs = start;
const clock = { nowMs: () => nowMs };
const owner: Principal = { userId: 1, name: 'Owner', tenantId, role: 'owner', siteIds: 'all' };
const rival: Principal = { ...owner, userId: 9, tenantId: 'rival' };

const depsOf = (): ManageDeps => ({
  reach: async (who, site) => (site < 900 ? succeed(who) : fail('not_found', 'Site not found')),
  readEndpoint: readEndpoint(tables.store),
  listEndpoints: listEndpoints(tables.store),
  insertEndpoint: insertEndpoint(tables.store),
  replaceEndpoint: replaceEndpoint(tables.store),
  removeEndpoint: removeEndpoint(tables.store),
  seal: sealSecret(key.kms, key.keyId),
  urlFault: (url) => urlFault(url, readNetworks('')),
  clock,
});
const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
};
const asked = (site_id: number, change: object = {}) =>
  newWebhook.parse({ site_id, url: 'https://hooks.example.com/a', event_types: ['*'], ...change });
const typesOf = async (site: number) =>
  (await readEvents(tables.store)(site, 1, 100)).map(({ event }) => event.type);

describe('a webhook', () => {
  it('is made with a secret that is shown once and stored sealed', async () => {
    nowMs = start;
    const { webhook, secret } = must(await createWebhook(depsOf())(owner, asked(10)));
    expect(webhook).toMatchObject({ enabled: true, event_types: ['*'], site_id: 10 });
    const stored = must(await findEndpoint(depsOf())(owner, 10, webhook.webhook_id));
    expect(JSON.stringify(stored)).not.toContain(secret.slice(6));
    const [sealed] = stored.secrets;
    const opened = await openSecret(key.kms)(stored, sealed?.sealed ?? '');
    expect([opened.length, writeSecret(opened)]).toEqual([32, secret]);
    for (const other of [{ tenantId: 'rival' }, { siteId: 11 }, { webhookId: 'wh-x' }])
      await expect(openSecret(key.kms)({ ...stored, ...other }, sealed?.sealed ?? '')).rejects.toThrow();
    expect(JSON.stringify(must(await listWebhooks(depsOf())(owner, 10)))).not.toMatch(/whsec_|sealed/);
  });

  it('is its tenant’s alone', async () => {
    nowMs = start;
    const { webhook } = must(await createWebhook(depsOf())(owner, asked(11)));
    const refusal = { ok: false, failure: { code: 'not_found', message: 'Webhook not found' } };
    const id = webhook.webhook_id;
    expect([
      await findEndpoint(depsOf())(rival, 11, id),
      await changeWebhook(depsOf())(rival, id, webhookChange.parse({ site_id: 11, enabled: false })),
      await removeWebhook(depsOf())(rival, 11, id),
      await rotateSecret(depsOf())(rival, id, { site_id: 11, overlap_hours: 1 }),
      await findEndpoint(depsOf())(owner, 12, id),
    ]).toEqual([refusal, refusal, refusal, refusal, refusal]);
    expect(must(await listWebhooks(depsOf())(rival, 11)).count).toBe(0);
    expect(await findEndpoint(depsOf())(owner, 999, id)).toMatchObject({
      failure: { message: 'Site not found' },
    });
  });

  it('may not name an address that is not public, at first or later', async () => {
    const bad = 'https://169.254.169.254/';
    const failure = {
      code: 'validation_failed',
      message: 'url: must not name a private or reserved address',
    };
    expect(await createWebhook(depsOf())(owner, asked(13, { url: bad }))).toMatchObject({ failure });
    const { webhook } = must(await createWebhook(depsOf())(owner, asked(13)));
    const change = webhookChange.parse({ site_id: 13, url: bad });
    expect(await changeWebhook(depsOf())(owner, webhook.webhook_id, change)).toMatchObject({ failure });
  });

  it('changes with an event for each kind of change, and does not change unseen', async () => {
    nowMs = start;
    const { webhook } = must(await createWebhook(depsOf())(owner, asked(14)));
    const change = (one: object) =>
      changeWebhook(depsOf())(owner, webhook.webhook_id, webhookChange.parse({ site_id: 14, ...one }));
    expect(must(await change({ enabled: false })).webhook).toMatchObject({
      enabled: false,
      disabled_reason: 'person',
    });
    expect(must(await change({ enabled: false })).webhook.enabled).toBe(false);
    expect(must(await change({ enabled: true, description: 'ERP' })).webhook).toMatchObject({
      enabled: true,
      description: 'ERP',
    });
    expect(must(await change({ event_types: ['fleet.*', 'control.*', 'fleet.*'] })).webhook).toMatchObject({
      event_types: ['control.*', 'fleet.*'],
    });
    const outcomes = await Promise.all([change({ description: 'A' }), change({ description: 'B' })]);
    const conflicts = outcomes.filter((one) => !one.ok && one.failure.code === 'conflict');
    expect(conflicts.length).toBeLessThanOrEqual(1);
    must(await removeWebhook(depsOf())(owner, 14, webhook.webhook_id));
    expect((await typesOf(14)).filter((type) => type !== 'webhooks.endpoint.changed')).toEqual([
      'webhooks.endpoint.created',
      'webhooks.endpoint.disabled',
      'webhooks.endpoint.enabled',
      'webhooks.endpoint.removed',
    ]);
    expect((await typesOf(14)).filter((type) => type === 'webhooks.endpoint.changed')).toHaveLength(
      4 - conflicts.length,
    );
  });

  it('rotates its secret with an overlap', async () => {
    nowMs = start;
    const { webhook, secret: first } = must(await createWebhook(depsOf())(owner, asked(15)));
    const rotate = (overlap_hours: number) =>
      rotateSecret(depsOf())(owner, webhook.webhook_id, { site_id: 15, overlap_hours });
    const second = must(await rotate(24));
    expect(second.webhook.old_secret_until).toBe(new Date(start + 24 * hour).toISOString());
    const secretsAt = async (atMs: number) => {
      const stored = must(await findEndpoint(depsOf())(owner, 15, webhook.webhook_id));
      const open = openSecret(key.kms);
      return Promise.all(
        validSecrets(stored, atMs).map(async ({ sealed }) => writeSecret(await open(stored, sealed))),
      );
    };
    expect(await secretsAt(start + 24 * hour - 1)).toEqual([second.secret, first]);
    expect(await secretsAt(start + 24 * hour)).toEqual([second.secret]);
    const third = must(await rotate(0));
    expect(await secretsAt(start)).toEqual([third.secret]);
    expect(await typesOf(15)).toEqual([
      'webhooks.endpoint.created',
      'webhooks.endpoint.secret_rotated',
      'webhooks.endpoint.secret_rotated',
    ]);
  });

  it('is one of at most twenty of a site, also when many are made at once', async () => {
    const made = await Promise.all(
      Array.from({ length: mostEndpoints + 6 }, () => createWebhook(depsOf())(owner, asked(16))),
    );
    expect(made.filter(({ ok }) => ok)).toHaveLength(mostEndpoints);
    expect(made.find(({ ok }) => !ok)).toMatchObject({ failure: { code: 'conflict' } });
    const { webhooks } = must(await listWebhooks(depsOf())(owner, 16));
    must(await removeWebhook(depsOf())(owner, 16, webhooks[0]?.webhook_id ?? ''));
    expect((await createWebhook(depsOf())(owner, asked(16))).ok).toBe(true);
  });
});

describe('a replay of a time', () => {
  const site = 20;
  /** 90 events, one a minute; every third is of a type that is not asked for, and one is of another tenant. */
  const fill = async () => {
    for (let at = 0; at < 90; at++) {
      nowMs = start + at * 60_000;
      const type = at % 3 === 0 ? 'webhooks.endpoint.pinged' : 'webhooks.endpoint.enabled';
      const place = { tenantId, siteId: site, webhookId: `wh-${at}` };
      await commitWithAudit({ ...tables.store, clock })(
        [],
        [endpointEvent(place, { actor_type: 'system', actor_id: 'test' }, type, {})],
      );
    }
  };

  it('sends each event of the time and the types once, in pages, whatever comes twice or breaks off', async () => {
    await fill();
    const { webhook } = must(
      await createWebhook(depsOf())(owner, asked(site, { event_types: ['webhooks.endpoint.enabled'] })),
    );
    const endpoint = must(await findEndpoint(depsOf())(owner, site, webhook.webhook_id));
    const pages: ReplayRef[] = [];
    const attempts: string[] = [];
    const startDeps = {
      note: noteRequest(tables.store),
      replayItem: (one: Parameters<typeof replayItem>[1]) => replayItem(tables.store, one),
      requestPage: async (ref: ReplayRef) => {
        pages.push(ref);
      },
      clock,
    };
    const from = start + 10 * 60_000;
    const to = start + 85 * 60_000;
    const begun = must(await startReplay(startDeps)(owner, endpoint, from, to));
    let breaks = 3;
    const pageDeps: ReplayPageDeps = {
      readEndpoint: readEndpoint(tables.store),
      readReplay: readReplay(tables.store),
      advance: async (...given) => {
        if (breaks-- > 0) throw new Error('broken off');
        return advanceReplay(tables.store)(...given);
      },
      pageSize: 40,
      seqAt: seqAt(tables.store),
      readEvents: readEvents(tables.store),
      insert: insertDelivery(tables.store),
      restart: restartDelivery(tables.store),
      requestAttempt: async ({ deliveryId }) => {
        attempts.push(deliveryId);
      },
      requestPage: startDeps.requestPage,
      clock,
    };
    for (let ref = pages.shift(); ref; ref = pages.shift()) {
      const again = ref;
      await replayPage(pageDeps)(ref).catch(() => pages.push(again));
      await replayPage(pageDeps)(ref).catch(() => {});
    }
    const minutes = Array.from({ length: 75 }, (_, at) => at + 10).filter((at) => at % 3 !== 0);
    expect(attempts.map((id) => Number(id.slice(0, 13)))).toEqual(minutes.map((at) => start + at * 60_000));
    expect(new Set(attempts).size).toBe(attempts.length);
    expect((await readReplay(tables.store)(webhook.webhook_id, begun.replayId))?.isDone).toBe(true);

    const again = must(await startReplay(startDeps)(owner, endpoint, from, from + 120_000));
    attempts.length = 0;
    const [first] = (await listDeliveries(tables.store)(webhook.webhook_id, 1)).deliveries;
    expect(first?.replayId).toBe(begun.replayId);
    for (let ref = pages.shift(); ref; ref = pages.shift()) await replayPage(pageDeps)(ref);
    // Those of the first replay are still on their way: they are left alone.
    expect(attempts).toEqual([]);
    expect(await readReplay(tables.store)(webhook.webhook_id, again.replayId)).toMatchObject({
      isDone: true,
      queued: 0,
    });
  });

  it('is refused for a disabled webhook and for more than a month', async () => {
    const { webhook } = must(await createWebhook(depsOf())(owner, asked(21)));
    const endpoint = must(await findEndpoint(depsOf())(owner, 21, webhook.webhook_id));
    const refuse = async () => {
      throw new Error('must not be written');
    };
    const begin = startReplay({
      note: refuse as () => Promise<DomainEvent>,
      replayItem: () => ({}),
      requestPage: refuse,
      clock,
    });
    expect(await begin(owner, { ...endpoint, enabled: false }, 0, 1)).toMatchObject({
      failure: { code: 'invalid_state' },
    });
    expect(await begin(owner, endpoint, 0, 32 * 24 * hour)).toMatchObject({
      failure: { code: 'validation_failed' },
    });
    expect(await readDelivery(tables.store)(webhook.webhook_id, 'none')).toBeUndefined();
  });
});
