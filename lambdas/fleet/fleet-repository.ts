import { GetCommand, paginateQuery, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import {
  gateway,
  type newGateway,
  newMiner,
  type newSite,
  type newZone,
  type Site,
  zone,
} from '../../contracts/api-fleet.ts';
import {
  type AuditStore,
  type CommitResult,
  commitWithAudit,
  stateEvent,
  type TransactItem,
} from '../audit/commit-with-audit.ts';
import { cursorAfter } from '../shared/cursor.ts';
import { toSite } from './fleet-directory.ts';
import { type FleetStore, fleetKeys, siteItem } from './fleet-keys.ts';

export type FleetWriter = FleetStore & AuditStore;
export type Owner = { readonly tenantId: string; readonly siteId: number };
type By = { readonly actor_type: 'user'; readonly actor_id: string };
export type NewSite = z.output<typeof newSite>;
export type NewZone = z.output<typeof newZone>;
export type NewGateway = z.output<typeof newGateway>;
export type NewMiner = z.output<typeof newMiner>;
export type Gateway = z.output<typeof gateway>;

const isNew = { ConditionExpression: 'attribute_not_exists(pk)' } as const;
const counter = z.object({ last: z.int().positive() });

export const listSites =
  ({ db, fleetTable }: FleetStore) =>
  async (tenantId: string): Promise<Site[]> => {
    const { Items } = await db.send(
      new QueryCommand({
        TableName: fleetTable,
        KeyConditionExpression: 'pk = :tenant',
        ExpressionAttributeValues: { ':tenant': `TENANT#${tenantId}` },
      }),
    );
    return (Items ?? []).map(toSite);
  };

/** Takes the next site number and writes the site under it; a number taken by a failed attempt is not used again. */
export const insertSite =
  (store: FleetWriter) =>
  async (tenantId: string, by: By, site: NewSite, createdAt: string): Promise<Site> => {
    const { Attributes } = await store.db.send(
      new UpdateCommand({
        TableName: store.fleetTable,
        Key: fleetKeys.siteCounter,
        UpdateExpression: 'ADD #last :one',
        ExpressionAttributeNames: { '#last': 'last' },
        ExpressionAttributeValues: { ':one': 1 },
        ReturnValues: 'ALL_NEW',
      }),
    );
    const siteId = counter.parse(Attributes).last;
    const item = { ...site, site_id: siteId, created_at: createdAt, tenant_id: tenantId };
    const committed = await commitWithAudit(store)(
      [
        {
          Put: {
            TableName: store.fleetTable,
            Item: { ...fleetKeys.site(tenantId, siteId), ...item },
            ...isNew,
          },
        },
      ],
      [
        stateEvent({
          ...by,
          tenant_id: tenantId,
          site_id: siteId,
          type: 'fleet.site.created',
          ref_type: 'site',
          ref_id: String(siteId),
          payload: { site_id: siteId, tenant_id: tenantId },
        }),
      ],
    );
    if (!committed.ok) throw new Error(`Site number ${siteId} was taken twice`);
    return toSite(siteItem.parse(item));
  };

const listBelow = async <T>(
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

/** An item as its wire schema: the storage attributes around it fall away, and the rest is checked. */
const toZone = (item: unknown) => zone.strip().parse(item);
const toGateway = (item: unknown) => gateway.strip().parse(item);
const toMiner = (item: unknown) => newMiner.strip().parse(item);

export const listZones = (store: FleetStore) => (siteId: number) => listBelow(store, siteId, 'ZONE#', toZone);

export const insertZone =
  (store: FleetWriter) =>
  (owner: Owner, by: By, newZone: NewZone): Promise<CommitResult> =>
    commitWithAudit(store)(
      [
        {
          Put: {
            TableName: store.fleetTable,
            Item: { ...fleetKeys.zone(owner.siteId, newZone.zone_id), ...newZone },
            ...isNew,
          },
        },
      ],
      [
        stateEvent({
          ...by,
          tenant_id: owner.tenantId,
          site_id: owner.siteId,
          type: 'fleet.zone.created',
          ref_type: 'zone',
          ref_id: newZone.zone_id,
          payload: { zone_id: newZone.zone_id },
        }),
      ],
    );

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

export const listMiners =
  ({ db, fleetTable }: FleetStore) =>
  async (siteId: number, limit: number, after: string | undefined) => {
    const { Items, LastEvaluatedKey } = await db.send(
      new QueryCommand({
        TableName: fleetTable,
        KeyConditionExpression: 'pk = :site AND begins_with(sk, :miner)',
        ExpressionAttributeValues: { ':site': `SITE#${siteId}`, ':miner': 'MINER#' },
        Limit: limit,
        ...(after !== undefined && { ExclusiveStartKey: fleetKeys.miner(siteId, after) }),
      }),
    );
    return {
      miners: (Items ?? []).map(toMiner),
      nextCursor: cursorAfter(LastEvaluatedKey, 'MINER#'),
    };
  };

/** Which of the named zones and gateways the site does not have. */
export const missingPlaces =
  ({ db, fleetTable }: FleetStore) =>
  async (siteId: number, zoneIds: Iterable<string>, gatewayIds: Iterable<string>) => {
    const absent = async (Key: { pk: string; sk: string }) =>
      !(await db.send(new GetCommand({ TableName: fleetTable, Key }))).Item;
    const missing = async (
      ids: Iterable<string>,
      keyOf: (siteId: number, id: string) => { pk: string; sk: string },
    ) => {
      const checked = await Promise.all(
        [...new Set(ids)].map(async (id) => ((await absent(keyOf(siteId, id))) ? [id] : [])),
      );
      return checked.flat();
    };
    return {
      zones: await missing(zoneIds, fleetKeys.zone),
      gateways: await missing(gatewayIds, fleetKeys.gateway),
    };
  };

/** All of the miners or none; `conflict` is the index of one whose id the site has already. */
export const insertMiners =
  (store: FleetWriter) =>
  (owner: Owner, by: By, miners: readonly NewMiner[]): Promise<CommitResult> =>
    commitWithAudit(store)(
      miners.map((one) => ({
        Put: {
          TableName: store.fleetTable,
          Item: {
            ...fleetKeys.miner(owner.siteId, one.miner_id),
            ...one,
            gateway_pk: fleetKeys.minersOfGateway(one.gateway_id),
          },
          ...isNew,
        },
      })),
      [
        stateEvent({
          ...by,
          tenant_id: owner.tenantId,
          site_id: owner.siteId,
          type: 'fleet.miners.registered',
          ref_type: 'site',
          ref_id: String(owner.siteId),
          payload: { miner_ids: miners.map(({ miner_id }) => miner_id) },
        }),
      ],
    );
