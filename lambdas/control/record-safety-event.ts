import type { SafetyEvent } from '../../contracts/command.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import { gatewayActor } from './command-events.ts';

export type SafetyDeps = {
  readonly readGatewayOwner: (
    siteId: number,
    gatewayId: string,
  ) => Promise<{ readonly tenantId: string } | undefined>;
  /** Stores the event once; a repeated one changes nothing. */
  readonly insertSafetyEvent: (event: SafetyEvent, audit: NewDomainEvent) => Promise<void>;
};

/** A safety event and the gateway that the broker says it came from. */
export type ReceivedSafetyEvent = {
  readonly siteId: number;
  readonly gatewayId: string;
  readonly event: SafetyEvent;
};

/**
 * Keeps what a gateway refused or did by itself to protect its site. Throws Error where the gateway is unknown or
 * speaks in another's name, for the dead-letter queue.
 */
export const recordSafetyEvent =
  (deps: SafetyDeps) =>
  async ({ siteId, gatewayId, event }: ReceivedSafetyEvent) => {
    if (event.siteId !== siteId || event.gatewayId !== gatewayId)
      throw new Error(`Gateway ${gatewayId} reported in the name of another gateway`);
    const owner = await deps.readGatewayOwner(siteId, gatewayId);
    if (!owner) throw new Error(`Site ${siteId} has no gateway ${gatewayId}`);
    const audit = stateEvent({
      ...gatewayActor(gatewayId),
      tenant_id: owner.tenantId,
      site_id: siteId,
      type: 'control.safety.reported',
      ref_type: 'safety_event',
      ref_id: event.eventId,
      payload: {
        kind: event.kind,
        code: event.code,
        gateway_id: gatewayId,
        ...(event.minerId !== undefined && { miner_id: event.minerId }),
        ...(event.commandId !== undefined && { command_id: event.commandId }),
      },
    });
    await deps.insertSafetyEvent(event, audit);
  };
