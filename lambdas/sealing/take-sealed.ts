import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { GatewaySealedMessage } from '../../contracts/gateway-sealing.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import type { Clock } from '../shared/clock.ts';
import { sealingKeyId } from './seal-for-gateway.ts';
import { type GatewayKey, type Inventory, type StoredPart, sealingKeys } from './sealing-keys.ts';

type Place = { readonly siteId: number; readonly gatewayId: string };
export type TakeSealedDeps = {
  readonly readGatewayOwner: (
    siteId: number,
    gatewayId: string,
  ) => Promise<{ readonly tenantId: string } | undefined>;
  readonly putGatewayKey: (place: Place, key: GatewayKey, event: NewDomainEvent) => Promise<void>;
  readonly putPart: (part: StoredPart) => Promise<void>;
  readonly listParts: (place: Place, backup?: string) => Promise<readonly StoredPart[]>;
  readonly deletePart: (part: StoredPart) => Promise<void>;
  readonly readInventory: (place: Place) => Promise<Inventory | undefined>;
  readonly putInventory: (place: Place, inventory: Inventory, event: NewDomainEvent) => Promise<void>;
  readonly clock: Clock;
};
/** A message and the gateway that the broker says it came from. */
export type ReceivedSealed = Place & { readonly message: GatewaySealedMessage };

/**
 * Takes in what a gateway sealed: its key, or a part of its inventory. A backup stands from when all its parts are
 * there, in whatever order and however often they come; what an older one left is deleted then. Throws Error where the
 * gateway is unknown or speaks in another's name, for the dead-letter queue.
 */
export const takeSealed =
  (deps: TakeSealedDeps) =>
  async ({ siteId, gatewayId, message }: ReceivedSealed): Promise<void> => {
    if (message.siteId !== siteId || message.gatewayId !== gatewayId)
      throw new Error(`Gateway ${gatewayId} spoke in the name of another gateway`);
    const owner = await deps.readGatewayOwner(siteId, gatewayId);
    if (!owner) throw new Error(`Site ${siteId} has no gateway ${gatewayId}`);
    const from = {
      actor_type: 'device',
      actor_id: gatewayId,
      tenant_id: owner.tenantId,
      site_id: siteId,
      ref_type: 'gateway',
      ref_id: gatewayId,
    } as const;
    if (message.kind === 'key') {
      const keyId = sealingKeyId(Buffer.from(message.publicKey, 'base64'));
      const key = { key_id: keyId, public_key: message.publicKey, announced_at_ms: message.atMs };
      const payload = { gateway_id: gatewayId, key_id: keyId };
      await deps.putGatewayKey(
        { siteId, gatewayId },
        key,
        stateEvent({ ...from, type: 'sealing.key.announced', payload }),
      );
      return;
    }
    const { backupId, part, parts, miners, sealed } = message;
    if (part >= parts) throw new Error(`Backup ${backupId} has a part beyond its last`);
    const standing = await deps.readInventory({ siteId, gatewayId });
    if (standing && standing.backup_id >= backupId) return;
    await deps.putPart({
      ...sealingKeys.part(siteId, gatewayId, backupId, part),
      tenant_id: owner.tenantId,
      site_id: siteId,
      gateway_id: gatewayId,
      backup_id: backupId,
      part,
      parts,
      miners,
      sealed,
    });
    const kept = await deps.listParts({ siteId, gatewayId });
    if (kept.filter((one) => one.backup_id === backupId).length < parts) return;
    await deps.putInventory(
      { siteId, gatewayId },
      { backup_id: backupId, parts, miners, stored_at_ms: deps.clock.nowMs() },
      stateEvent({
        ...from,
        type: 'sealing.inventory.stored',
        payload: { gateway_id: gatewayId, backup_id: backupId, parts, miners },
      }),
    );
    for (const one of kept) if (one.backup_id < backupId) await deps.deletePart(one);
  };
