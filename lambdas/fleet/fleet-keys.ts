import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { customer } from '../../contracts/api-customers.ts';
import { lifeStatuses, type Site, site, zone } from '../../contracts/api-fleet.ts';
import { minerStatuses, newMiner } from '../../contracts/api-miners.ts';
import { tenantId, utcTime } from '../../contracts/identifiers.ts';
import { turns } from './ownership.ts';

export type FleetStore = { readonly db: DynamoDBDocumentClient; readonly fleetTable: string };

/** Keys of the fleet table. A gateway id is unique over all sites, because it is the name of an IoT thing. */
export const fleetKeys = {
  siteCounter: { pk: 'COUNTER', sk: 'SITE' },
  site: (tenant: string, siteId: number) => ({
    pk: `TENANT#${tenant}`,
    sk: `SITE#${String(siteId).padStart(9, '0')}`,
  }),
  zone: (siteId: number, zoneId: string) => ({ pk: `SITE#${siteId}`, sk: `ZONE#${zoneId}` }),
  gateway: (siteId: number, gatewayId: string) => ({ pk: `SITE#${siteId}`, sk: `GATEWAY#${gatewayId}` }),
  gatewayName: (gatewayId: string) => ({ pk: `GATEWAY#${gatewayId}`, sk: 'NAME' }),
  customer: (siteId: number, customerId: string) => ({ pk: `SITE#${siteId}`, sk: `CUSTOMER#${customerId}` }),
  miner: (siteId: number, minerId: string) => ({ pk: `SITE#${siteId}`, sk: `MINER#${minerId}` }),
  /** Counts the changes of a site's miners, so that whoever has read them knows whether they are still so. */
  registry: (siteId: number) => ({ pk: `SITE#${siteId}`, sk: 'REGISTRY' }),
  minersOfGateway: (gatewayId: string) => `GATEWAY#${gatewayId}`,
};
/** Index of miners by their gateway: partition `gateway_pk`, sort `sk`. */
export const minersByGateway = 'by-gateway';

/** Things of before versions were kept are at their first. */
const life = { status: z.enum(lifeStatuses).default('active'), version: z.int().positive().default(1) };
const siteItem = site.extend({ ...life, tenant_id: tenantId });
/** An item as its wire schema: the storage attributes around it fall away, and the rest is checked. */
export const toSite = (item: unknown): Site => {
  const { tenant_id: _, ...stored } = siteItem.strip().parse(item);
  return stored;
};

export const zoneItem = zone.extend(life);
export const customerItem = customer.extend(life);
/** What other contexts may know of a gateway; lambdas/gateway keeps the rest. */
export const gatewayItem = z.object({
  tenant_id: tenantId,
  status: z.string(),
  key_id: z.string().optional(),
  sealed_secret: z.custom<Uint8Array>((value) => value instanceof Uint8Array).optional(),
});

/** A miner as it is stored. Miners of before owners were kept say whose they are in `customer_id`. */
const minerItem = z.object({
  ...newMiner.shape,
  labels: newMiner.shape.labels.unwrap().default([]),
  status: z.enum(minerStatuses).default('active'),
  version: z.int().positive().default(1),
  registered_at: utcTime.optional(),
  retired_at: utcTime.optional(),
  owners: turns.optional(),
});
export const toStoredMiner = (item: unknown) => {
  const { customer_id, owners, ...miner } = minerItem.parse(item);
  return { ...miner, owners: owners ?? (customer_id === undefined ? [] : [{ from_ms: 0, customer_id }]) };
};
export type StoredMiner = ReturnType<typeof toStoredMiner>;
