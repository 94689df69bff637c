import type { ZoneBinding } from '../../contracts/gateway-keys.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { type FleetStore, fleetKeys } from '../fleet/fleet-keys.ts';
import { readRegistry } from '../fleet/miner-registry.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { servesZone } from './gateway.ts';

/** What a change of a gateway's zones needs to know of its miners, and a condition under which that stays true until the commit. */
export type ServedMiners = Result<{ readonly guard: TransactItem }>;

/**
 * Whether a gateway may be bound to these zones: not while miners in use that it serves are in others. A miner's own writes look at the
 * gateway in the same way (lambdas/fleet/miner-repository.ts), so that no gateway ever serves a miner outside its zones.
 */
export const servedMiners =
  (store: FleetStore) =>
  async (siteId: number, gatewayId: string, zoneIds: ZoneBinding): Promise<ServedMiners> => {
    const { changes, miners } = await readRegistry(store)(siteId);
    const outside = [...miners.values()].filter(
      ({ gateway_id, status, zone_id }) =>
        gateway_id === gatewayId && status === 'active' && !servesZone(zoneIds, zone_id),
    );
    if (outside.length > 0) {
      const zones = [...new Set(outside.map(({ zone_id }) => zone_id))].slice(0, 5).join(', ');
      const message = `zone_ids: ${outside.length} miners of this gateway are in other zones (${zones}); move them first`;
      return fail('validation_failed', message, [{ field: 'zone_ids', message }]);
    }
    return succeed({
      guard: {
        ConditionCheck: {
          TableName: store.fleetTable,
          Key: fleetKeys.registry(siteId),
          ConditionExpression: changes === 0 ? 'attribute_not_exists(version)' : 'version = :seen',
          ...(changes > 0 && { ExpressionAttributeValues: { ':seen': changes } }),
        },
      },
    });
  };
