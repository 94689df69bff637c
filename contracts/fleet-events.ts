import * as z from 'zod';
import { customerId, minerId, siteId, tenantId, utcTime, zoneId } from './identifiers.ts';

const minerIds = z.array(minerId).min(1);
const reason = z.string().optional();
/** The fields that changed, as they were and as they are. */
const difference = { from: z.record(z.string(), z.json()), to: z.record(z.string(), z.json()) };
const changed = { version: z.int(), ...difference, reason };
const ended = { version: z.int(), reason };

/** Payloads of what happens to sites, zones, customers and miners. */
export const fleetEvents = {
  'fleet.site.created': z.object({ site_id: siteId, tenant_id: tenantId }),
  'fleet.site.changed': z.object({ site_id: siteId, ...changed }),
  'fleet.site.archived': z.object({ site_id: siteId, ...ended }),
  'fleet.site.restored': z.object({ site_id: siteId, ...ended }),
  'fleet.zone.created': z.object({ zone_id: zoneId }),
  'fleet.zone.changed': z.object({ zone_id: zoneId, ...changed }),
  'fleet.zone.archived': z.object({ zone_id: zoneId, ...ended }),
  'fleet.zone.restored': z.object({ zone_id: zoneId, ...ended }),
  'fleet.customer.created': z.object({ customer_id: customerId }),
  'fleet.customer.changed': z.object({ customer_id: customerId, ...changed }),
  'fleet.customer.archived': z.object({ customer_id: customerId, ...ended }),
  'fleet.customer.restored': z.object({ customer_id: customerId, ...ended }),
  'fleet.miners.registered': z.object({ miner_ids: minerIds, reason }),
  'fleet.miners.changed': z.object({
    changes: z.array(z.object({ miner_id: minerId, ...difference })).min(1),
    reason,
  }),
  'fleet.miners.retired': z.object({ miner_ids: minerIds, reason }),
  'fleet.miners.restored': z.object({ miner_ids: minerIds, reason }),
  /** Whose the miners are from `from` on, which may lie before or after the event; null: nobody's. */
  'fleet.miners.assigned': z.object({
    miner_ids: minerIds,
    customer_id: customerId.nullable(),
    from: utcTime,
    reason,
  }),
} as const;
