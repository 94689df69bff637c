import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import type { claimSecret, newClaim } from '../../contracts/api-gateways.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { Clock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { ClaimRecord } from './claim.ts';
import type { GatewayRecord } from './gateway.ts';
import { type Actor, bySystem, gatewayEvent } from './gateway-events.ts';
import type { NameHolder } from './gateway-names.ts';
import { hashOf, newClaimCode } from './secrets.ts';
import type { MadeIdentity } from './thing-registry.ts';

export type CreateClaimDeps = {
  readonly findNameHolder: (gatewayId: string, nowMs: number) => Promise<NameHolder | undefined>;
  readonly readGateway: (siteId: number, gatewayId: string) => Promise<GatewayRecord | undefined>;
  /** Those of these zones that the site does not have. */
  readonly missingZones: (siteId: number, zoneIds: readonly string[]) => Promise<readonly string[]>;
  readonly insertClaim: (
    claim: ClaimRecord,
    event: NewDomainEvent,
    reserveUntilMs?: number,
  ) => Promise<boolean>;
  readonly makeClaimIdentity: () => Promise<MadeIdentity>;
  readonly retireClaim: (certificateId: string) => Promise<void>;
  readonly mqttEndpoint: () => Promise<{ readonly host: string; readonly port: number }>;
  readonly template: string;
  readonly clock: Clock;
};
export type ClaimSecret = z.infer<typeof claimSecret>;
type Owner = { readonly tenantId: string; readonly siteId: number };

/**
 * Makes the right to register one gateway, once: a new one, whose name nobody else gets as long as the claim is good, or one that the site has,
 * which is to be given new credentials and keeps its zones. The code, and the claim certificate where one was asked for, are in the answer and nowhere
 * else. `conflict` where the name is another site's.
 */
export const createClaim =
  (deps: CreateClaimDeps) =>
  async (
    { tenantId, siteId }: Owner,
    by: Actor,
    wanted: z.output<typeof newClaim>,
  ): Promise<Result<{ claim: ClaimRecord; secret: ClaimSecret }>> => {
    const { gateway_id, name } = wanted;
    const nowMs = deps.clock.nowMs();
    const holder = await deps.findNameHolder(gateway_id, nowMs);
    const taken = fail('conflict', `gateway_id ${gateway_id} is taken`);
    if (holder && holder.siteId !== siteId) return taken;
    const isThere = holder !== undefined && holder.reservedUntilMs === undefined;
    const known = isThere ? await deps.readGateway(siteId, gateway_id) : undefined;
    const zone_ids = wanted.zone_ids ?? known?.zone_ids ?? 'all';
    if (known && !isDeepStrictEqual(zone_ids, known.zone_ids))
      return fail(
        'validation_failed',
        `zone_ids: ${gateway_id} is there already; its zones are changed by themselves`,
      );
    const [unknown] = known || zone_ids === 'all' ? [] : await deps.missingZones(siteId, zone_ids);
    if (unknown !== undefined)
      return fail('validation_failed', `zone_ids: ${unknown} is not a zone of this site`);
    const { claimId, code } = newClaimCode();
    const identity = wanted.with_certificate ? await deps.makeClaimIdentity() : undefined;
    const expiresAtMs = nowMs + wanted.valid_for_hours * 3_600_000;
    const claim: ClaimRecord = {
      claim_id: claimId,
      code_hash: hashOf(code),
      tenant_id: tenantId,
      site_id: siteId,
      gateway_id,
      name,
      zone_ids,
      status: 'open',
      created_at_ms: nowMs,
      expires_at_ms: expiresAtMs,
      ...(identity && { certificate_id: identity.certificateId }),
    };
    const event = gatewayEvent(claim, by, 'gateway.claim.created', { claim_id: claimId });
    const reserveUntilMs = isThere ? undefined : Math.max(expiresAtMs, holder?.reservedUntilMs ?? 0);
    if (!(await deps.insertClaim(claim, event, reserveUntilMs))) {
      if (identity) await deps.retireClaim(identity.certificateId);
      return taken;
    }
    const secret: ClaimSecret = { code };
    if (identity) {
      const { host, port } = await deps.mqttEndpoint();
      secret.certificate = {
        certificate_pem: identity.certificatePem,
        private_key_pem: identity.privateKeyPem,
        mqtt_host: host,
        mqtt_port: port,
        template: deps.template,
      };
    }
    return succeed({ claim, secret });
  };

export type EndClaimDeps = {
  readonly endClaim: (
    claim: ClaimRecord,
    status: 'withdrawn' | 'expired',
    event: NewDomainEvent,
  ) => Promise<boolean>;
  readonly retireClaim: (certificateId: string) => Promise<void>;
};

/** Ends a claim that nobody has used, and its certificate. False where it was no longer open. */
export const endClaim =
  ({ endClaim: end, retireClaim }: EndClaimDeps) =>
  async (claim: ClaimRecord, because: 'withdrawn' | 'expired', by: Actor): Promise<boolean> => {
    const event = gatewayEvent(claim, by, 'gateway.claim.ended', { claim_id: claim.claim_id, because });
    const ended = await end(claim, because, event);
    if (ended && claim.certificate_id !== undefined) await retireClaim(claim.certificate_id);
    return ended;
  };

export type EndDueDeps = EndClaimDeps & {
  readonly listEnding: (
    nowMs: number,
    limit: number,
  ) => Promise<readonly { readonly claim: ClaimRecord | undefined; readonly sk: string }[]>;
  readonly forgetEnding: (sk: string) => Promise<void>;
  readonly clock: Clock;
};

const atOnce = 50;

/**
 * Ends claims whose time is over. One that was used or withdrawn has ended already; its certificate is looked at once more, since
 * whoever ended it may have stopped before that.
 */
export const endDueClaims =
  (deps: EndDueDeps) => async (): Promise<{ readonly ended: number; readonly failed: number }> => {
    let ended = 0;
    let failed = 0;
    for (const { claim, sk } of await deps.listEnding(deps.clock.nowMs(), atOnce)) {
      try {
        if (claim?.status === 'open' && (await endClaim(deps)(claim, 'expired', bySystem))) ended++;
        else if (claim?.certificate_id !== undefined) await deps.retireClaim(claim.certificate_id);
        await deps.forgetEnding(sk);
      } catch {
        failed++;
      }
    }
    return { ended, failed };
  };
