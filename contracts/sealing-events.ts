import * as z from 'zod';
import { backupId } from './gateway-sealing.ts';
import { gatewayId } from './identifiers.ts';

/** Payloads of the events about what is sealed, by detail-type. No address, key or sealed value is ever in one. */
export const sealingEvents = {
  /** A gateway named the key to which the cloud seals what it alone may read. */
  'sealing.key.announced': z.object({ gateway_id: gatewayId, key_id: z.string() }),
  /** A gateway's inventory is stored, sealed, and stands for the one before it. */
  'sealing.inventory.stored': z.object({
    gateway_id: gatewayId,
    backup_id: backupId,
    parts: z.int(),
    miners: z.int(),
  }),
  /** Somebody asked that a gateway be sent its inventory again. */
  'sealing.inventory.restore_requested': z.object({
    gateway_id: gatewayId,
    backup_id: backupId,
    reason: z.string(),
  }),
  /** Data keys of a gateway's sealed values were wrapped anew; the values did not change. */
  'sealing.keys.rewrapped': z.object({
    gateway_id: gatewayId,
    run_id: z.string(),
    values: z.int(),
    key_id: z.string(),
  }),
} as const;
