import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, GetCommand, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { type AuditStore, commitWithAudit } from '../audit/commit-with-audit.ts';
import {
  type GatewayKey,
  gatewayKeyItem,
  type Inventory,
  inventoryItem,
  partItem,
  partPrefix,
  type SealingReader,
  type StoredPart,
  sealingKeys,
} from './sealing-keys.ts';

export type SealingStore = SealingReader & AuditStore;
type Place = { readonly siteId: number; readonly gatewayId: string };

/** The key to which things are sealed for this gateway, or undefined while it has named none. */
export const readGatewayKey =
  ({ db, sealingTable }: SealingReader) =>
  async ({ siteId, gatewayId }: Place): Promise<GatewayKey | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: sealingTable,
        Key: sealingKeys.key(siteId, gatewayId),
        ConsistentRead: true,
      }),
    );
    return Item && gatewayKeyItem.parse(Item);
  };

/** Takes a gateway's key in, unless a later one is there. The same key again changes nothing. */
export const putGatewayKey =
  (store: SealingStore) =>
  async ({ siteId, gatewayId }: Place, key: GatewayKey, event: NewDomainEvent): Promise<void> => {
    await commitWithAudit(store)(
      [
        {
          Put: {
            TableName: store.sealingTable,
            Item: { ...sealingKeys.key(siteId, gatewayId), ...key },
            ConditionExpression: 'attribute_not_exists(pk) OR (key_id <> :key AND announced_at_ms < :at)',
            ExpressionAttributeValues: { ':key': key.key_id, ':at': key.announced_at_ms },
          },
        },
      ],
      [event],
    );
  };

export const readInventory =
  ({ db, sealingTable }: SealingReader) =>
  async ({ siteId, gatewayId }: Place): Promise<Inventory | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: sealingTable,
        Key: sealingKeys.inventory(siteId, gatewayId),
        ConsistentRead: true,
      }),
    );
    return Item && inventoryItem.parse(Item);
  };

/** Stores a part once: one that came before, and may have been wrapped anew since, stays. */
export const putPart =
  ({ db, sealingTable }: SealingReader) =>
  async (part: StoredPart): Promise<void> => {
    try {
      await db.send(
        new PutCommand({
          TableName: sealingTable,
          Item: part,
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  };

/** The parts of one backup, or of all that are kept, in their order. */
export const listParts =
  ({ db, sealingTable }: SealingReader) =>
  async ({ siteId, gatewayId }: Place, backup?: string): Promise<StoredPart[]> => {
    const parts: StoredPart[] = [];
    const pages = paginateQuery(
      { client: db },
      {
        TableName: sealingTable,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :gateway AND begins_with(sk, :parts)',
        ExpressionAttributeValues: {
          ':gateway': sealingKeys.gateway(siteId, gatewayId),
          ':parts': `${partPrefix}${backup === undefined ? '' : `${backup}#`}`,
        },
      },
    );
    for await (const { Items } of pages) for (const item of Items ?? []) parts.push(partItem.parse(item));
    return parts;
  };

export const deletePart =
  ({ db, sealingTable }: SealingReader) =>
  async ({ pk, sk }: StoredPart): Promise<void> => {
    await db.send(new DeleteCommand({ TableName: sealingTable, Key: { pk, sk } }));
  };

/** Lets a complete backup stand, unless it or a later one does. */
export const putInventory =
  (store: SealingStore) =>
  async ({ siteId, gatewayId }: Place, inventory: Inventory, event: NewDomainEvent): Promise<void> => {
    await commitWithAudit(store)(
      [
        {
          Put: {
            TableName: store.sealingTable,
            Item: { ...sealingKeys.inventory(siteId, gatewayId), ...inventory },
            ConditionExpression: 'attribute_not_exists(pk) OR backup_id < :backup',
            ExpressionAttributeValues: { ':backup': inventory.backup_id },
          },
        },
      ],
      [event],
    );
  };

/** Puts a restore on record, while the backup still stands that it is for. False when another stands by now. */
export const putRestore =
  (store: SealingStore) =>
  async (
    { siteId, gatewayId }: Place,
    restore: {
      readonly id: string;
      readonly backupId: string;
      readonly requestedBy: string;
      readonly reason: string;
    },
    event: NewDomainEvent,
  ): Promise<boolean> => {
    const { id, ...item } = restore;
    const committed = await commitWithAudit(store)(
      [
        {
          ConditionCheck: {
            TableName: store.sealingTable,
            Key: sealingKeys.inventory(siteId, gatewayId),
            ConditionExpression: 'backup_id = :backup',
            ExpressionAttributeValues: { ':backup': restore.backupId },
          },
        },
        {
          Put: {
            TableName: store.sealingTable,
            Item: { ...sealingKeys.restore(siteId, gatewayId, id), ...item },
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
      ],
      [event],
    );
    return committed.ok;
  };
