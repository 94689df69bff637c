import { DecryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import type { Site } from '../../contracts/api-fleet.ts';
import type { Vendor } from '../../contracts/capabilities/firmware-table.ts';
import { type Clock, systemClock } from '../shared/clock.ts';
import {
  type FleetStore,
  fleetKeys,
  gatewayItem,
  minersByGateway,
  toSite,
  toStoredMiner,
} from './fleet-keys.ts';
import { ownerAt, type Turns } from './ownership.ts';

/** What other contexts know of a miner. Its address is known on site only. */
export type RegisteredMiner = {
  readonly minerId: string;
  readonly vendor: Vendor;
  readonly model: string;
  readonly zoneId: string;
  /** Whose machine it is now, where it is hosted for somebody. */
  readonly customerId?: string | undefined;
  readonly gatewayId: string;
  readonly ratedHashrateThs: number;
  readonly ratedPowerW: number;
  /** Set for a machine that was taken out of use: it raises no alarm, takes no command and is in no live list. */
  readonly retired?: boolean | undefined;
  /** Whose it was and will be. */
  readonly owners?: Turns | undefined;
};

type DirectoryStore = FleetStore & { readonly clock?: Clock };

/** The site, if the tenant has it; undefined for another tenant's site as for none. */
export const readSite =
  ({ db, fleetTable }: FleetStore) =>
  async (tenantId: string, siteId: number): Promise<Site | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: fleetTable, Key: fleetKeys.site(tenantId, siteId) }),
    );
    return Item && toSite(Item);
  };

/** The ids of a tenant's sites, archived ones too. */
export const readSiteIds =
  ({ db, fleetTable }: FleetStore) =>
  async (tenantId: string): Promise<number[]> => {
    const ids: number[] = [];
    const { pk } = fleetKeys.site(tenantId, 1);
    const pages = paginateQuery(
      { client: db },
      {
        TableName: fleetTable,
        KeyConditionExpression: 'pk = :tenant AND begins_with(sk, :site)',
        ExpressionAttributeValues: { ':tenant': pk, ':site': 'SITE#' },
      },
    );
    for await (const { Items } of pages) for (const item of Items ?? []) ids.push(toSite(item).site_id);
    return ids;
  };

/** The ids of a site's gateways, those shut out too. */
export const readGatewayIds =
  ({ db, fleetTable }: FleetStore) =>
  async (siteId: number): Promise<string[]> => {
    const ids: string[] = [];
    const { pk, sk } = fleetKeys.gateway(siteId, '');
    const pages = paginateQuery(
      { client: db },
      {
        TableName: fleetTable,
        KeyConditionExpression: 'pk = :site AND begins_with(sk, :gateway)',
        ExpressionAttributeValues: { ':site': pk, ':gateway': sk },
      },
    );
    for await (const { Items } of pages)
      for (const item of Items ?? []) ids.push(String(item.sk).slice(sk.length));
    return ids;
  };

/** The tenant behind a gateway, for work that no user asked for; undefined where the site has no such gateway, or has shut it out. */
export const readGatewayOwner =
  ({ db, fleetTable }: FleetStore) =>
  async (siteId: number, gatewayId: string): Promise<{ tenantId: string } | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: fleetTable, Key: fleetKeys.gateway(siteId, gatewayId) }),
    );
    const gateway = Item && gatewayItem.parse(Item);
    return gateway && gateway.status !== 'revoked' ? { tenantId: gateway.tenant_id } : undefined;
  };

/** Every miner that a gateway serves, retired ones too. */
export const readMinersOfGateway =
  ({ db, fleetTable, clock }: DirectoryStore) =>
  (gatewayId: string): Promise<RegisteredMiner[]> =>
    readMinerPages(
      paginateQuery(
        { client: db },
        {
          TableName: fleetTable,
          IndexName: minersByGateway,
          KeyConditionExpression: 'gateway_pk = :gateway',
          ExpressionAttributeValues: { ':gateway': fleetKeys.minersOfGateway(gatewayId) },
        },
      ),
      clock,
    );

/** Every miner of a site, retired ones too. */
export const readMiners =
  ({ db, fleetTable, clock }: DirectoryStore) =>
  (siteId: number): Promise<RegisteredMiner[]> =>
    readMinerPages(
      paginateQuery(
        { client: db },
        {
          TableName: fleetTable,
          KeyConditionExpression: 'pk = :site AND begins_with(sk, :miner)',
          ExpressionAttributeValues: { ':site': `SITE#${siteId}`, ':miner': 'MINER#' },
        },
      ),
      clock,
    );

/** One miner of a site, or undefined where the site has no such miner in use. */
export const readMiner =
  ({ db, fleetTable, clock }: DirectoryStore) =>
  async (siteId: number, minerId: string): Promise<RegisteredMiner | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: fleetTable, Key: fleetKeys.miner(siteId, minerId) }),
    );
    const miner = Item && toRegisteredMiner(Item, clock);
    return miner?.retired ? undefined : miner;
  };

const readMinerPages = async (
  pages: AsyncIterable<{ Items?: Record<string, unknown>[] | undefined }>,
  clock: Clock | undefined,
) => {
  const miners: RegisteredMiner[] = [];
  for await (const { Items } of pages)
    for (const item of Items ?? []) miners.push(toRegisteredMiner(item, clock));
  return miners;
};

const toRegisteredMiner = (item: unknown, clock: Clock = systemClock): RegisteredMiner => {
  const miner = toStoredMiner(item);
  return {
    minerId: miner.miner_id,
    vendor: miner.vendor,
    model: miner.model,
    zoneId: miner.zone_id,
    customerId: ownerAt(miner.owners, clock.nowMs()),
    gatewayId: miner.gateway_id,
    ratedHashrateThs: miner.rated_hashrate_ths,
    ratedPowerW: miner.rated_power_w,
    ...(miner.status === 'retired' && { retired: true }),
    owners: miner.owners,
  };
};

/** The encryption context that a gateway's sealed secret is bound to; KMS refuses any other. */
export const secretContext = (tenantId: string, siteId: number, gatewayId: string) => ({
  tenant: tenantId,
  site: String(siteId),
  gateway: gatewayId,
  purpose: 'gateway-hmac',
});

/**
 * The key that signs commands to a gateway: the newest that it has shown to hold, so read as of now. Throws when the gateway is
 * unknown or shut out, or KMS refuses. Keep the secret in memory only.
 */
export const openGatewaySecret =
  ({ db, fleetTable, kms }: FleetStore & { readonly kms: KMSClient }) =>
  async (siteId: number, gatewayId: string): Promise<{ keyId: string; secret: Uint8Array }> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: fleetTable,
        Key: fleetKeys.gateway(siteId, gatewayId),
        ConsistentRead: true,
      }),
    );
    if (!Item) throw new Error(`Site ${siteId} has no gateway ${gatewayId}`);
    const { tenant_id, key_id, sealed_secret } = gatewayItem.parse(Item);
    if (key_id === undefined || sealed_secret === undefined)
      throw new Error(`Gateway ${gatewayId} of site ${siteId} has no secret`);
    const { Plaintext } = await kms.send(
      new DecryptCommand({
        CiphertextBlob: sealed_secret,
        EncryptionContext: secretContext(tenant_id, siteId, gatewayId),
      }),
    );
    if (!Plaintext) throw new Error(`KMS gave no secret for gateway ${gatewayId}`);
    return { keyId: key_id, secret: Plaintext };
  };
