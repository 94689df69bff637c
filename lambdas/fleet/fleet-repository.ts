import { paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { gateway, type newGateway } from '../../contracts/api-fleet.ts';
import { gatewayId } from '../../contracts/identifiers.ts';
import {
  type AuditStore,
  type CommitResult,
  commitWithAudit,
  stateEvent,
  type TransactItem,
} from '../audit/commit-with-audit.ts';
import { type FleetStore, fleetKeys } from './fleet-keys.ts';
import type { By } from './life-cycle.ts';

export type FleetWriter = FleetStore & AuditStore;
export type Owner = { readonly tenantId: string; readonly siteId: number };
export type NewGateway = z.output<typeof newGateway>;
export type Gateway = z.output<typeof gateway>;

/** Everything of one kind at a site: what its sort key begins with. */
export const listBelow = async <T>(
  store: FleetStore,
  siteId: number,
  prefix: string,
  parse: (item: unknown) => T,
) => {
  const found: T[] = [];
  const pages = paginateQuery(
    { client: store.db },
    {
      TableName: store.fleetTable,
      KeyConditionExpression: 'pk = :site AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':site': `SITE#${siteId}`, ':prefix': prefix },
    },
  );
  for await (const { Items } of pages) for (const item of Items ?? []) found.push(parse(item));
  return found;
};

const named = z.object({ gateway_id: gatewayId });
export const listGatewayNames =
  (store: FleetStore) =>
  (siteId: number): Promise<string[]> =>
    listBelow(store, siteId, 'GATEWAY#', (item) => named.parse(item).gateway_id);

/** An item as its wire schema: the storage attributes around it fall away, and the rest is checked. */
const toGateway = (item: unknown) => gateway.strip().parse(item);

export const listGateways =
  (store: FleetStore) =>
  (siteId: number): Promise<Gateway[]> =>
    listBelow(store, siteId, 'GATEWAY#', toGateway);

/** Claims a gateway's name over all sites. A claim whose registration broke off may be taken up again by its own site. */
export const claimGateway =
  (store: FleetWriter) =>
  (owner: Owner, by: By, item: Gateway & { readonly sealed_secret: Uint8Array }): Promise<CommitResult> => {
    const { siteId, tenantId } = owner;
    const name: TransactItem = {
      Put: {
        TableName: store.fleetTable,
        Item: { ...fleetKeys.gatewayName(item.gateway_id), site_id: siteId },
        ConditionExpression: 'attribute_not_exists(pk) OR site_id = :site',
        ExpressionAttributeValues: { ':site': siteId },
      },
    };
    const record: TransactItem = {
      Put: {
        TableName: store.fleetTable,
        Item: { ...fleetKeys.gateway(siteId, item.gateway_id), ...item, tenant_id: tenantId },
        ConditionExpression: 'attribute_not_exists(pk) OR #status = :registering',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':registering': 'registering' },
      },
    };
    return commitWithAudit(store)(
      [name, record],
      [
        stateEvent({
          ...by,
          tenant_id: tenantId,
          site_id: siteId,
          type: 'fleet.gateway.registered',
          ref_type: 'gateway',
          ref_id: item.gateway_id,
          payload: { gateway_id: item.gateway_id },
        }),
      ],
    );
  };

export const activateGateway =
  ({ db, fleetTable }: FleetStore) =>
  async (siteId: number, gatewayId: string, certificateId: string) => {
    await db.send(
      new UpdateCommand({
        TableName: fleetTable,
        Key: fleetKeys.gateway(siteId, gatewayId),
        UpdateExpression: 'SET #status = :active, certificate_id = :certificate',
        ConditionExpression: '#status = :registering',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ':active': 'active',
          ':registering': 'registering',
          ':certificate': certificateId,
        },
      }),
    );
  };
