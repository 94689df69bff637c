import { paginateQuery } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { gatewayId } from '../../contracts/identifiers.ts';
import type { AuditStore } from '../audit/commit-with-audit.ts';
import type { FleetStore } from './fleet-keys.ts';

export type FleetWriter = FleetStore & AuditStore;
export type Owner = { readonly tenantId: string; readonly siteId: number };

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
