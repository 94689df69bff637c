import * as z from 'zod';
import { epochMs, gatewayId, siteId } from './identifiers.ts';
import { sealedValue } from './sealed.ts';

const place = { version: z.literal(1), siteId, gatewayId };

/** Backups of one gateway sort by their ids: the time in 12 hex digits, then 16 random ones. */
export const backupId = z.string().regex(/^[0-9a-f]{28}$/);
export const mostBackupParts = 200;

const part = {
  backupId,
  part: z.int().nonnegative().max(mostBackupParts),
  parts: z.int().positive().max(mostBackupParts),
  /** Miners in the whole backup. */
  miners: z.int().nonnegative().max(20_000),
  sealed: sealedValue,
};

/**
 * `dt/hashinsight/<site>/<gateway>/sealed`, through Basic Ingest (rule `hashinsight_sealed`): the key to which the cloud
 * seals what only this gateway may read, and the gateway's inventory, which only it may open.
 */
export const gatewaySealedMessage = z.discriminatedUnion('kind', [
  z.strictObject({
    ...place,
    kind: z.literal('key'),
    atMs: epochMs,
    /** X25519, 32 bytes. */
    publicKey: z.base64().length(44),
  }),
  z.strictObject({ ...place, kind: z.literal('inventory'), atMs: epochMs, ...part }),
]);
export type GatewaySealedMessage = z.infer<typeof gatewaySealedMessage>;

/** `cfg/hashinsight/<site>/<gateway>/inventory`: a part of the backup, back to a gateway that lost what it knew. */
export const inventoryPart = z.strictObject({ ...place, ...part });
export type InventoryPart = z.infer<typeof inventoryPart>;

/** What a part holds once it is opened: JSON, deflated (RFC 1951). */
export const mostInventoryBytes = 16 * 1024 * 1024;
