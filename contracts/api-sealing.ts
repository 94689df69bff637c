import * as z from 'zod';
import { gatewayId, siteId, siteIdText, tenantId, utcTime } from './identifiers.ts';

export const sealingPath = z.strictObject({ site_id: siteIdText, gateway_id: gatewayId });

/** What a gateway's configuration needs to seal its inventory for the cloud (edge-greengrass/config.ts `sealing`). */
export const sealingSettings = z.strictObject({
  tenant_id: tenantId,
  key_arn: z.string(),
  region: z.string(),
  role_alias: z.string(),
  credentials_host: z.string(),
  credentials_port: z.int(),
});
export type SealingSettings = z.infer<typeof sealingSettings>;

export const sealingView = z.strictObject({
  site_id: siteId,
  gateway_id: gatewayId,
  settings: sealingSettings,
  /** The key to which the cloud seals for this gateway; null until the gateway has connected. */
  key: z.strictObject({ key_id: z.string(), announced_at: utcTime }).nullable(),
  /** The sealed inventory that a replaced gateway would get; null while there is none. */
  backup: z
    .strictObject({ backup_id: z.string(), miners: z.int(), parts: z.int(), stored_at: utcTime })
    .nullable(),
});

export const restoreRequest = z.strictObject({ reason: z.string().trim().min(1).max(300) });
export const restoreAnswer = z.strictObject({ backup_id: z.string(), miners: z.int(), parts: z.int() });
export type RestoreAnswer = z.infer<typeof restoreAnswer>;
