import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { backupId } from '../../contracts/gateway-sealing.ts';
import { epochMs, gatewayId, siteId, tenantId } from '../../contracts/identifiers.ts';
import { type SealingContext, sealedValue } from '../../contracts/sealed.ts';

export type SealingReader = { readonly db: DynamoDBDocumentClient; readonly sealingTable: string };

/** Keys of the sealing table: everything of one gateway in one partition. */
export const sealingKeys = {
  gateway: (site: number, gateway: string) => `GATEWAY#${site}#${gateway}`,
  key: (site: number, gateway: string) => ({ pk: sealingKeys.gateway(site, gateway), sk: 'KEY' }),
  inventory: (site: number, gateway: string) => ({ pk: sealingKeys.gateway(site, gateway), sk: 'INVENTORY' }),
  part: (site: number, gateway: string, backup: string, part: number) => ({
    pk: sealingKeys.gateway(site, gateway),
    sk: `${partPrefix}${backup}#${String(part).padStart(4, '0')}`,
  }),
  restore: (site: number, gateway: string, restoreId: string) => ({
    pk: sealingKeys.gateway(site, gateway),
    sk: `RESTORE#${restoreId}`,
  }),
  rotation: { pk: 'ROTATION', sk: 'CURRENT' },
};
export const partPrefix = 'PART#';

export const gatewayKeyItem = z.object({
  key_id: z.string(),
  public_key: z.base64(),
  announced_at_ms: epochMs,
});
export type GatewayKey = z.infer<typeof gatewayKeyItem>;

/** Which backup stands. */
export const inventoryItem = z.object({
  backup_id: backupId,
  parts: z.int().positive(),
  miners: z.int().nonnegative(),
  stored_at_ms: epochMs,
});
export type Inventory = z.infer<typeof inventoryItem>;

export const partItem = z.object({
  pk: z.string(),
  sk: z.string(),
  tenant_id: tenantId,
  site_id: siteId,
  gateway_id: gatewayId,
  backup_id: backupId,
  part: z.int().nonnegative(),
  parts: z.int().positive(),
  miners: z.int().nonnegative(),
  sealed: sealedValue,
  /** The rotation that wrapped its data key last. */
  rewrapped_by: z.string().optional(),
});
export type StoredPart = z.infer<typeof partItem>;

/** The context under which gateways seal their inventories. */
export const backupContext = (
  part: Pick<StoredPart, 'tenant_id' | 'site_id' | 'gateway_id'>,
): SealingContext => ({
  tenant: part.tenant_id,
  site: part.site_id,
  gateway: part.gateway_id,
  purpose: 'inventory-backup',
});
