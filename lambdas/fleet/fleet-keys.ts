import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { gateway, newMiner, site } from '../../contracts/api-fleet.ts';
import { tenantId } from '../../contracts/identifiers.ts';

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
  miner: (siteId: number, minerId: string) => ({ pk: `SITE#${siteId}`, sk: `MINER#${minerId}` }),
  minersOfGateway: (gatewayId: string) => `GATEWAY#${gatewayId}`,
};
/** Index of miners by their gateway: partition `gateway_pk`, sort `sk`. */
export const minersByGateway = 'by-gateway';

export const siteItem = site.extend({ tenant_id: tenantId }).loose();
export const gatewayItem = gateway
  .extend({ tenant_id: tenantId, sealed_secret: z.instanceof(Uint8Array) })
  .loose();
export const minerItem = newMiner.loose();
