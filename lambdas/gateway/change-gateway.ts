import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { ZoneBinding } from '../../contracts/gateway-keys.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type GatewayRecord, revoked } from './gateway.ts';
import { type Actor, gatewayEvent } from './gateway-events.ts';
import type { ClaimDeps } from './register-by-claim.ts';
import type { ServedMiners } from './served-miners.ts';

export type ChangeDeps = Pick<ClaimDeps, 'readGateway' | 'replaceGateway'>;
export const gatewayNotFound = fail('not_found', 'Gateway not found');

type Change = {
  readonly record: GatewayRecord;
  readonly event: NewDomainEvent;
  readonly guard?: TransactItem;
};
const attempts = 5;

/** Changes a gateway's record, whatever else changes it at the same time. */
const change =
  ({ readGateway, replaceGateway }: ChangeDeps) =>
  async (
    siteId: number,
    gatewayId: string,
    to: (known: GatewayRecord) => Result<Change> | Promise<Result<Change>>,
  ): Promise<Result<GatewayRecord>> => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const known: GatewayRecord | undefined = await readGateway(siteId, gatewayId);
      if (!known) return gatewayNotFound;
      const wanted = await to(known);
      if (!wanted.ok) return wanted;
      const { record, event, guard } = wanted.value;
      if (await replaceGateway(record, [event], guard ? [guard] : [])) return succeed(record);
    }
    throw new Error(`The record of gateway ${gatewayId} stayed contended over ${attempts} attempts`);
  };

const isRevoked = fail('invalid_state', 'The gateway is revoked');

/** Asks the gateway to replace its credentials at its next contact. */
export const requestRotation =
  (deps: ChangeDeps) => (siteId: number, gatewayId: string, by: Actor, nowMs: number) =>
    change(deps)(siteId, gatewayId, (known) =>
      known.status === 'active'
        ? succeed({
            record: { ...known, rotation_requested_ms: nowMs },
            event: gatewayEvent(known, by, 'gateway.rotation.requested', {}),
          })
        : fail('invalid_state', `The gateway is ${known.status}`),
    );

export type BindDeps = ChangeDeps & {
  readonly servedMiners: (siteId: number, gatewayId: string, zoneIds: ZoneBinding) => Promise<ServedMiners>;
};

/** Says which zones of its site the gateway may serve from now on; not while it serves miners in others. */
export const bindZones =
  (deps: BindDeps) => (siteId: number, gatewayId: string, by: Actor, zoneIds: ZoneBinding) =>
    change(deps)(siteId, gatewayId, async (known) => {
      if (known.status === 'revoked') return isRevoked;
      const served = await deps.servedMiners(siteId, gatewayId, zoneIds);
      if (!served.ok) return served;
      return succeed({
        record: { ...known, zone_ids: zoneIds },
        event: gatewayEvent(known, by, 'gateway.zones.bound', { zone_ids: zoneIds }),
        guard: served.value.guard,
      });
    });

export type RevokeDeps = ChangeDeps & {
  readonly certificatesOf: (gatewayId: string) => Promise<readonly string[]>;
  readonly retire: (gatewayId: string, certificateId: string) => Promise<void>;
  readonly disconnect: (gatewayId: string) => Promise<void>;
};

/**
 * Ends all that a gateway holds: token and secret with the record's write, every certificate of its thing, and its connection. May be
 * repeated, and then finishes what an attempt before it left.
 */
export const revokeGateway =
  (deps: RevokeDeps) =>
  async (siteId: number, gatewayId: string, by: Actor, reason: string): Promise<Result<GatewayRecord>> => {
    const known = await deps.readGateway(siteId, gatewayId);
    const done =
      known?.status === 'revoked'
        ? succeed(known)
        : await change(deps)(siteId, gatewayId, (record) =>
            succeed({
              record: revoked(record),
              event: gatewayEvent(record, by, 'gateway.access.revoked', { reason }),
            }),
          );
    if (!done.ok) return done;
    for (const certificateId of await deps.certificatesOf(gatewayId))
      await deps.retire(gatewayId, certificateId);
    await deps.disconnect(gatewayId);
    return done;
  };
