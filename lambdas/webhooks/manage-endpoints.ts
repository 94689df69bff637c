import { randomBytes } from 'node:crypto';
import type * as z from 'zod';
import type { Principal } from '../../contracts/access.ts';
import type { newWebhook, secretRotation, Webhook, webhookChange } from '../../contracts/api-webhooks.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { Clock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type Endpoint, mostEndpoints, presentEndpoint, rotated } from './endpoint.ts';
import { writeSecret } from './sign-message.ts';
import { type Actor, endpointEvent } from './webhook-events.ts';

export type ManageDeps = {
  /** The site, if the principal reaches it. */
  readonly reach: (who: Principal, siteId: number) => Promise<Result<unknown>>;
  readonly readEndpoint: (siteId: number, webhookId: string) => Promise<Endpoint | undefined>;
  readonly listEndpoints: (siteId: number) => Promise<readonly Endpoint[]>;
  readonly insertEndpoint: (endpoint: Endpoint, event: NewDomainEvent) => Promise<boolean>;
  readonly replaceEndpoint: (next: Endpoint, events: readonly NewDomainEvent[]) => Promise<boolean>;
  readonly removeEndpoint: (endpoint: Endpoint, event: NewDomainEvent) => Promise<boolean>;
  readonly seal: (
    owner: Pick<Endpoint, 'tenantId' | 'siteId' | 'webhookId'>,
    secret: Uint8Array,
  ) => Promise<string>;
  readonly urlFault: (url: string) => string | undefined;
  readonly clock: Clock;
};
type Shown = { readonly webhook: Webhook };
type ShownOnce = Shown & { readonly secret: string };

const secretBytes = 32;
export const actorOf = ({ userId }: Principal): Actor => ({ actor_type: 'user', actor_id: String(userId) });
const changedMeanwhile = fail('conflict', 'The webhook was changed meanwhile; read it again');

const wrongUrl = (fault: string) =>
  fail('validation_failed', `url: ${fault}`, [{ field: 'url', message: `url: ${fault}` }]);

/** The endpoint, if the principal's tenant has it at a site that the principal reaches. */
export const findEndpoint =
  ({ reach, readEndpoint }: Pick<ManageDeps, 'reach' | 'readEndpoint'>) =>
  async (who: Principal, siteId: number, webhookId: string): Promise<Result<Endpoint>> => {
    const reached = await reach(who, siteId);
    if (!reached.ok) return reached;
    const endpoint = await readEndpoint(siteId, webhookId);
    return endpoint?.tenantId === who.tenantId ? succeed(endpoint) : fail('not_found', 'Webhook not found');
  };

export const listWebhooks =
  (deps: ManageDeps) =>
  async (who: Principal, siteId: number): Promise<Result<{ webhooks: Webhook[]; count: number }>> => {
    const reached = await deps.reach(who, siteId);
    if (!reached.ok) return reached;
    const nowMs = deps.clock.nowMs();
    const webhooks = (await deps.listEndpoints(siteId))
      .filter(({ tenantId }) => tenantId === who.tenantId)
      .map((one) => presentEndpoint(one, nowMs));
    return succeed({ webhooks, count: webhooks.length });
  };

/** Makes an endpoint with a secret of 32 random bytes, which is shown in this answer and never again. */
export const createWebhook =
  (deps: ManageDeps) =>
  async (who: Principal, asked: z.output<typeof newWebhook>): Promise<Result<ShownOnce>> => {
    const reached = await deps.reach(who, asked.site_id);
    if (!reached.ok) return reached;
    const fault = deps.urlFault(asked.url);
    if (fault) return wrongUrl(fault);
    const nowMs = deps.clock.nowMs();
    const secret = randomBytes(secretBytes);
    const owner = {
      webhookId: `wh-${randomBytes(12).toString('hex')}`,
      siteId: asked.site_id,
      tenantId: who.tenantId,
    };
    const endpoint: Endpoint = {
      ...owner,
      url: asked.url,
      eventTypes: asked.event_types,
      description: asked.description,
      enabled: true,
      secrets: [{ sealed: await deps.seal(owner, secret) }],
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      version: 1,
    };
    const event = endpointEvent(owner, actorOf(who), 'webhooks.endpoint.created', {
      event_types: asked.event_types,
    });
    return (await deps.insertEndpoint(endpoint, event))
      ? succeed({ webhook: presentEndpoint(endpoint, nowMs), secret: writeSecret(secret) })
      : fail('conflict', `A site has at most ${mostEndpoints} webhooks`);
  };

/** Changes what was given. Enabling begins with a clean record. */
export const changeWebhook =
  (deps: ManageDeps) =>
  async (
    who: Principal,
    webhookId: string,
    change: z.output<typeof webhookChange>,
  ): Promise<Result<Shown>> => {
    const found = await findEndpoint(deps)(who, change.site_id, webhookId);
    if (!found.ok) return found;
    const fault = change.url === undefined ? undefined : deps.urlFault(change.url);
    if (fault) return wrongUrl(fault);
    const before = found.value;
    const nowMs = deps.clock.nowMs();
    const { disabledReason, failingSinceMs, ...kept } = before;
    const enabled = change.enabled ?? before.enabled;
    const isSwitched = enabled !== before.enabled;
    const reason = isSwitched ? 'person' : disabledReason;
    const isFresh = isSwitched || (change.url !== undefined && change.url !== before.url);
    const next: Endpoint = {
      ...kept,
      url: change.url ?? before.url,
      eventTypes: change.event_types ?? before.eventTypes,
      description: change.description ?? before.description,
      enabled,
      ...(!enabled && reason && { disabledReason: reason }),
      ...(!isFresh && failingSinceMs !== undefined && { failingSinceMs }),
      updatedAtMs: nowMs,
      version: before.version + 1,
    };
    const fields = (['url', 'event_types', 'description'] as const).filter(
      (field) => change[field] !== undefined,
    );
    const by = actorOf(who);
    const events = [
      ...(fields.length > 0 ? [endpointEvent(before, by, 'webhooks.endpoint.changed', { fields })] : []),
      ...(isSwitched
        ? [
            enabled
              ? endpointEvent(before, by, 'webhooks.endpoint.enabled', {})
              : endpointEvent(before, by, 'webhooks.endpoint.disabled', { reason: 'person' }),
          ]
        : []),
    ];
    if (events.length === 0) return succeed({ webhook: presentEndpoint(before, nowMs) });
    return (await deps.replaceEndpoint(next, events))
      ? succeed({ webhook: presentEndpoint(next, nowMs) })
      : changedMeanwhile;
  };

/** Removes an endpoint; its waiting deliveries are cancelled as their time comes, its records go after 30 days. */
export const removeWebhook =
  (deps: ManageDeps) =>
  async (who: Principal, siteId: number, webhookId: string): Promise<Result<undefined>> => {
    const found = await findEndpoint(deps)(who, siteId, webhookId);
    if (!found.ok) return found;
    const event = endpointEvent(found.value, actorOf(who), 'webhooks.endpoint.removed', {});
    return (await deps.removeEndpoint(found.value, event)) ? succeed(undefined) : changedMeanwhile;
  };

/** Makes a new secret. Those of before sign along for the overlap; none retires them at once. */
export const rotateSecret =
  (deps: ManageDeps) =>
  async (
    who: Principal,
    webhookId: string,
    asked: z.output<typeof secretRotation>,
  ): Promise<Result<ShownOnce>> => {
    const found = await findEndpoint(deps)(who, asked.site_id, webhookId);
    if (!found.ok) return found;
    const before = found.value;
    const nowMs = deps.clock.nowMs();
    const overlapMs = asked.overlap_hours * 3_600_000;
    const secret = randomBytes(secretBytes);
    const next: Endpoint = {
      ...before,
      secrets: rotated(before, await deps.seal(before, secret), nowMs, overlapMs),
      updatedAtMs: nowMs,
      version: before.version + 1,
    };
    const event = endpointEvent(before, actorOf(who), 'webhooks.endpoint.secret_rotated', {
      old_until_ms: nowMs + overlapMs,
    });
    return (await deps.replaceEndpoint(next, [event]))
      ? succeed({ webhook: presentEndpoint(next, nowMs), secret: writeSecret(secret) })
      : changedMeanwhile;
  };
