import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochMs, siteId } from '../../contracts/identifiers.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { type FleetStore, fleetKeys } from '../fleet/fleet-keys.ts';
import { ttlSeconds } from '../shared/clock.ts';
import type { ClaimRecord } from './claim.ts';
import { gatewayKeys } from './gateway-keys.ts';

/** Of a gateway, or of an open claim to one that is not there yet: then with the latest such claim, and until when. */
const nameItem = z.object({
  site_id: siteId,
  claim_id: z.string().optional(),
  reserved_until_ms: epochMs.optional(),
});

const readName = async ({ db, fleetTable }: FleetStore, gatewayId: string) => {
  const { Item } = await db.send(
    new GetCommand({ TableName: fleetTable, Key: gatewayKeys.name(gatewayId), ConsistentRead: true }),
  );
  return Item && nameItem.parse(Item);
};

/** The site that has a gateway of this name, if any. */
export const findSiteOfGateway =
  (store: FleetStore) =>
  async (gatewayId: string): Promise<number | undefined> => {
    const name = await readName(store, gatewayId);
    return name?.reserved_until_ms === undefined ? name?.site_id : undefined;
  };

/** Whose a gateway's name is: for good, or as long as a claim reserves it. */
export type NameHolder = { readonly siteId: number; readonly reservedUntilMs?: number | undefined };

/** The site that has this name, or has reserved it at this moment, if any. */
export const findNameHolder =
  (store: FleetStore) =>
  async (gatewayId: string, nowMs: number): Promise<NameHolder | undefined> => {
    const name = await readName(store, gatewayId);
    const isLapsed = name?.reserved_until_ms !== undefined && name.reserved_until_ms <= nowMs;
    return name && !isLapsed ? { siteId: name.site_id, reservedUntilMs: name.reserved_until_ms } : undefined;
  };

/** Holds where nobody has the name, or this site has reserved it, or whoever reserved it let the time pass. */
const isFreeFor = (siteId: number, nowMs: number) => ({
  ConditionExpression:
    'attribute_not_exists(pk) OR (attribute_exists(reserved_until_ms) AND (site_id = :site OR reserved_until_ms <= :now))',
  ExpressionAttributeValues: { ':site': siteId, ':now': nowMs },
});

/** Gives the name to a site's gateway. */
export const takeNameItem = (
  { fleetTable: TableName }: FleetStore,
  gatewayId: string,
  siteId: number,
  nowMs: number,
): TransactItem => ({
  Put: {
    TableName,
    Item: { ...gatewayKeys.name(gatewayId), site_id: siteId },
    ...isFreeFor(siteId, nowMs),
  },
});

/** Keeps the name for the site of a claim. */
export const reserveNameItem = (
  { fleetTable: TableName }: FleetStore,
  { gateway_id, site_id, claim_id, created_at_ms }: ClaimRecord,
  untilMs: number,
): TransactItem => ({
  Put: {
    TableName,
    Item: {
      ...gatewayKeys.name(gateway_id),
      site_id,
      claim_id,
      reserved_until_ms: untilMs,
      ttl: ttlSeconds(untilMs),
    },
    ...isFreeFor(site_id, created_at_ms),
  },
});

/**
 * Lets go of a name when one of its claims has ended: it stays reserved as long as the longest of those that are `left`. A gateway's
 * name stays, and so does one that a further claim, or another site after this one's time, reserves meanwhile.
 */
export const releaseName =
  (store: FleetStore) =>
  async ({ gateway_id: gatewayId, site_id }: ClaimRecord, left: () => Promise<readonly ClaimRecord[]>) => {
    const name = await readName(store, gatewayId);
    if (name?.claim_id === undefined || name.site_id !== site_id) return;
    const untilMs = Math.max(0, ...(await left()).map((claim) => claim.expires_at_ms));
    try {
      await store.db.send(
        new UpdateCommand({
          TableName: store.fleetTable,
          Key: gatewayKeys.name(gatewayId),
          UpdateExpression: 'SET reserved_until_ms = :until',
          ConditionExpression: 'claim_id = :claim',
          ExpressionAttributeValues: { ':until': untilMs, ':claim': name.claim_id },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  };

/** Which of these zones the site does not have, in the order given. */
export const missingZones =
  ({ db, fleetTable }: FleetStore) =>
  async (site: number, zoneIds: readonly string[]): Promise<string[]> => {
    const wanted = [...new Set(zoneIds)];
    const found = await Promise.all(
      wanted.map(async (zoneId) => {
        const { Item } = await db.send(
          new GetCommand({ TableName: fleetTable, Key: fleetKeys.zone(site, zoneId) }),
        );
        return Item !== undefined;
      }),
    );
    return wanted.filter((_, index) => !found[index]);
  };
