import { DecryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import type { Site } from '../../contracts/api-fleet.ts';
import {
  type FleetStore,
  fleetKeys,
  gatewayItem,
  minerItem,
  minersByGateway,
  siteItem,
} from './fleet-keys.ts';

/** What other contexts know of a miner. Its address is known on site only. */
export type RegisteredMiner = {
  readonly minerId: string;
  readonly vendor: string;
  readonly model: string;
  readonly zoneId: string;
  /** Whose machine it is, where it is hosted for somebody. */
  readonly customerId?: string | undefined;
  readonly gatewayId: string;
  readonly ratedHashrateThs: number;
  readonly ratedPowerW: number;
};

/** The site, if the tenant has it; undefined for another tenant's site as for none. */
export const readSite =
  ({ db, fleetTable }: FleetStore) =>
  async (tenantId: string, siteId: number): Promise<Site | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: fleetTable, Key: fleetKeys.site(tenantId, siteId) }),
    );
    return Item && toSite(Item);
  };

export const toSite = (item: unknown): Site => {
  const { site_id, name, location, capacity_kw, time_zone, created_at } = siteItem.parse(item);
  return { site_id, name, ...(location !== undefined && { location }), capacity_kw, time_zone, created_at };
};

/** The tenant behind a gateway, for work that no user asked for; undefined where the site has no such gateway. */
export const readGatewayOwner =
  ({ db, fleetTable }: FleetStore) =>
  async (siteId: number, gatewayId: string): Promise<{ tenantId: string } | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: fleetTable, Key: fleetKeys.gateway(siteId, gatewayId) }),
    );
    return Item && { tenantId: gatewayItem.parse(Item).tenant_id };
  };

/** Every miner that a gateway serves. */
export const readMinersOfGateway =
  ({ db, fleetTable }: FleetStore) =>
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
    );

/** Every miner of a site. */
export const readMiners =
  ({ db, fleetTable }: FleetStore) =>
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
    );

/** One miner of a site, or undefined. */
export const readMiner =
  ({ db, fleetTable }: FleetStore) =>
  async (siteId: number, minerId: string): Promise<RegisteredMiner | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: fleetTable, Key: fleetKeys.miner(siteId, minerId) }),
    );
    return Item && toRegisteredMiner(Item);
  };

const readMinerPages = async (pages: AsyncIterable<{ Items?: Record<string, unknown>[] | undefined }>) => {
  const miners: RegisteredMiner[] = [];
  for await (const { Items } of pages) for (const item of Items ?? []) miners.push(toRegisteredMiner(item));
  return miners;
};

const toRegisteredMiner = (item: unknown): RegisteredMiner => {
  const miner = minerItem.parse(item);
  return {
    minerId: miner.miner_id,
    vendor: miner.vendor,
    model: miner.model,
    zoneId: miner.zone_id,
    customerId: miner.customer_id,
    gatewayId: miner.gateway_id,
    ratedHashrateThs: miner.rated_hashrate_ths,
    ratedPowerW: miner.rated_power_w,
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
 * The key that signs commands to a gateway. Throws when the gateway is unknown or KMS refuses. Keep the secret in
 * memory only.
 */
export const openGatewaySecret =
  ({ db, fleetTable, kms }: FleetStore & { readonly kms: KMSClient }) =>
  async (siteId: number, gatewayId: string): Promise<{ keyId: string; secret: Uint8Array }> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: fleetTable, Key: fleetKeys.gateway(siteId, gatewayId) }),
    );
    if (!Item) throw new Error(`Site ${siteId} has no gateway ${gatewayId}`);
    const { tenant_id, key_id, sealed_secret } = gatewayItem.parse(Item);
    const { Plaintext } = await kms.send(
      new DecryptCommand({
        CiphertextBlob: sealed_secret,
        EncryptionContext: secretContext(tenant_id, siteId, gatewayId),
      }),
    );
    if (!Plaintext) throw new Error(`KMS gave no secret for gateway ${gatewayId}`);
    return { keyId: key_id, secret: Plaintext };
  };
