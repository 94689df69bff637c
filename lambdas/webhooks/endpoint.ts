import * as z from 'zod';
import { disabledReasons, type Webhook, webhookId } from '../../contracts/api-webhooks.ts';
import { epochMs, siteId, tenantId } from '../../contracts/identifiers.ts';
import { toUtc } from '../shared/clock.ts';

/** A signing secret, sealed by KMS under the endpoint's own context; the newest has no end. */
const sealedSecret = z.strictObject({ sealed: z.base64(), untilMs: epochMs.optional() });
export type SealedSecret = z.infer<typeof sealedSecret>;

/** Somewhere that a site's events go to. `version` grows with every change by a person or by the system. */
export const endpoint = z.object({
  webhookId,
  siteId,
  tenantId,
  url: z.string(),
  eventTypes: z.array(z.string()),
  description: z.string(),
  enabled: z.boolean(),
  disabledReason: z.enum(disabledReasons).optional(),
  failingSinceMs: epochMs.optional(),
  secrets: z.array(sealedSecret).min(1),
  createdAtMs: epochMs,
  updatedAtMs: epochMs,
  version: z.int().positive(),
});
export type Endpoint = z.infer<typeof endpoint>;

export const mostEndpoints = 20;
/** The newest and two before it: whoever rotates thrice within the overlap retires the oldest at once. */
const mostSecrets = 3;
/** An endpoint that took nothing for so long, though it was tried, is disabled. */
const patienceMs = 5 * 86_400_000;

export const validSecrets = ({ secrets }: Pick<Endpoint, 'secrets'>, nowMs: number) =>
  secrets.filter(({ untilMs }) => untilMs === undefined || untilMs > nowMs);

/** Puts a new secret in front; those before end with the overlap, or earlier if they were to end earlier. */
export const rotated = (
  before: Pick<Endpoint, 'secrets'>,
  sealed: string,
  nowMs: number,
  overlapMs: number,
): SealedSecret[] => {
  const untilMs = nowMs + overlapMs;
  const old = validSecrets(before, nowMs)
    .map((one) => ({ ...one, untilMs: Math.min(one.untilMs ?? untilMs, untilMs) }))
    .filter((one) => one.untilMs > nowMs);
  return [{ sealed }, ...old].slice(0, mostSecrets);
};

/** What an attempt's answer means for the endpoint itself. */
export const verdictOn = (
  { failingSinceMs }: Pick<Endpoint, 'failingSinceMs'>,
  attempt: {
    readonly isSuccess: boolean;
    readonly statusCode?: number | undefined;
    readonly atMs: number;
  },
): 'well' | 'recovered' | 'begins_failing' | 'failing' | 'disable_gone' | 'disable_failing' => {
  if (attempt.isSuccess) return failingSinceMs === undefined ? 'well' : 'recovered';
  if (attempt.statusCode === 410) return 'disable_gone';
  if (failingSinceMs === undefined) return 'begins_failing';
  return attempt.atMs - failingSinceMs >= patienceMs ? 'disable_failing' : 'failing';
};

/** An endpoint as its owner sees it. */
export const presentEndpoint = (one: Endpoint, nowMs: number): Webhook => {
  const old = validSecrets(one, nowMs).flatMap(({ untilMs }) => untilMs ?? []);
  return {
    webhook_id: one.webhookId,
    site_id: one.siteId,
    url: one.url,
    event_types: one.eventTypes,
    description: one.description,
    enabled: one.enabled,
    ...(one.disabledReason && { disabled_reason: one.disabledReason }),
    ...(one.failingSinceMs !== undefined && { failing_since: toUtc(one.failingSinceMs) }),
    ...(old.length > 0 && { old_secret_until: toUtc(Math.max(...old)) }),
    created_at: toUtc(one.createdAtMs),
    updated_at: toUtc(one.updatedAtMs),
  };
};
