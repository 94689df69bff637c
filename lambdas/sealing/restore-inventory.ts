import { randomBytes } from 'node:crypto';
import type { RestoreAnswer } from '../../contracts/api-sealing.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { InventoryPart } from '../../contracts/gateway-sealing.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import type { Clock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { Inventory, StoredPart } from './sealing-keys.ts';

type Place = { readonly siteId: number; readonly gatewayId: string };
type Restore = {
  readonly id: string;
  readonly backupId: string;
  readonly requestedBy: string;
  readonly reason: string;
};
export type RequestRestoreDeps = {
  readonly readInventory: (place: Place) => Promise<Inventory | undefined>;
  readonly putRestore: (place: Place, restore: Restore, event: NewDomainEvent) => Promise<boolean>;
  readonly clock: Clock;
};

/**
 * Puts on record that a person wants a gateway to have its sealed inventory again; the event makes it happen. The cloud hands
 * over what it cannot read. `not_found` where no backup is kept, `conflict` where another came to stand meanwhile.
 */
export const requestRestore =
  ({ readInventory, putRestore, clock }: RequestRestoreDeps) =>
  async (
    place: Place & { readonly tenantId: string },
    userId: number,
    reason: string,
  ): Promise<Result<RestoreAnswer>> => {
    const { siteId, gatewayId, tenantId } = place;
    const standing = await readInventory(place);
    if (!standing) return fail('not_found', 'No inventory of this gateway is kept');
    const { backup_id, miners, parts } = standing;
    const id = `${clock.nowMs().toString(16).padStart(12, '0')}${randomBytes(8).toString('hex')}`;
    const event = stateEvent({
      actor_type: 'user',
      actor_id: String(userId),
      tenant_id: tenantId,
      site_id: siteId,
      type: 'sealing.inventory.restore_requested',
      ref_type: 'gateway',
      ref_id: gatewayId,
      payload: { gateway_id: gatewayId, backup_id, reason },
    });
    const restore = { id, backupId: backup_id, requestedBy: `user:${userId}`, reason };
    return (await putRestore(place, restore, event))
      ? succeed({ backup_id, miners, parts })
      : fail('conflict', 'The gateway has stored another inventory meanwhile');
  };

export type SendInventoryDeps = {
  readonly listParts: (place: Place, backup: string) => Promise<readonly StoredPart[]>;
  readonly publish: (part: InventoryPart) => Promise<void>;
};

/** Hands a backup to its gateway, part by part. A backup that a newer one has replaced is not there any more: nothing is sent. */
export const sendInventory =
  ({ listParts, publish }: SendInventoryDeps) =>
  async (place: Place, backupId: string): Promise<number> => {
    const kept = await listParts(place, backupId);
    if (kept.length < (kept[0]?.parts ?? 1)) return 0;
    for (const { part, parts, miners, sealed } of kept)
      await publish({ version: 1, ...place, backupId, part, parts, miners, sealed });
    return kept.length;
  };
