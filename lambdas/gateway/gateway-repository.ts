import { GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import type { FleetStore } from '../fleet/fleet-keys.ts';
import { type GatewayRecord, gatewayRecord } from './gateway.ts';
import { type GatewayStore, gatewayKeys } from './gateway-keys.ts';
import { takeNameItem } from './gateway-names.ts';

/** As it is at this moment: a revocation counts from the next read on. */
export const readGateway =
  ({ db, fleetTable }: FleetStore) =>
  async (siteId: number, gatewayId: string): Promise<GatewayRecord | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: fleetTable,
        Key: gatewayKeys.gateway(siteId, gatewayId),
        ConsistentRead: true,
      }),
    );
    return Item && gatewayRecord.parse(Item);
  };

export const listGateways =
  ({ db, fleetTable }: FleetStore) =>
  async (siteId: number): Promise<GatewayRecord[]> => {
    const found: GatewayRecord[] = [];
    const pages = paginateQuery(
      { client: db },
      {
        TableName: fleetTable,
        KeyConditionExpression: 'pk = :site AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':site': `SITE#${siteId}`, ':prefix': 'GATEWAY#' },
      },
    );
    for await (const { Items } of pages)
      for (const item of Items ?? []) found.push(gatewayRecord.parse(item));
    return found;
  };

/**
 * The conditional write that puts a record in the place of the state that it was made from; with `version` 0 it must be new. A
 * field that is undefined is gone.
 */
const putRecord = ({ fleetTable }: FleetStore, record: GatewayRecord): TransactItem => ({
  Put: {
    TableName: fleetTable,
    Item: {
      ...gatewayKeys.gateway(record.site_id, record.gateway_id),
      ...record,
      version: record.version + 1,
    },
    ...(record.version === 0
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : {
          ConditionExpression: '#version = :version',
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: { ':version': record.version },
        }),
  },
});

/** Writes a new gateway with its name and whatever belongs to it. False where the name, or one of `beside`, stands against it. */
export const insertGateway =
  (store: GatewayStore) =>
  async (record: GatewayRecord, events: readonly NewDomainEvent[], beside: readonly TransactItem[] = []) => {
    const { gateway_id, site_id, created_at } = record;
    const name = takeNameItem(store, gateway_id, site_id, Date.parse(created_at));
    const committed = await commitWithAudit(store)([putRecord(store, record), name, ...beside], events);
    return committed.ok;
  };

/** Replaces a gateway's record. False where it, or one of `beside`, has changed meanwhile; nothing is written then. */
export const replaceGateway =
  (store: GatewayStore) =>
  async (record: GatewayRecord, events: readonly NewDomainEvent[], beside: readonly TransactItem[] = []) => {
    const committed = await commitWithAudit(store)([putRecord(store, record), ...beside], events);
    return committed.ok;
  };
