import { DeleteCommand, GetCommand, paginateQuery, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import type { FleetStore } from '../fleet/fleet-keys.ts';
import { ttlSeconds } from '../shared/clock.ts';
import { type ClaimRecord, claimRecord } from './claim.ts';
import { claimEnds, type GatewayStore, gatewayKeys } from './gateway-keys.ts';
import { releaseName, reserveNameItem } from './gateway-names.ts';

/** A settled claim is forgotten after so long; the audit log remembers it. */
const keepMs = 90 * 24 * 3_600_000;
const kept = (claim: ClaimRecord) => ({ ...claim, ttl: ttlSeconds(claim.expires_at_ms + keepMs) });

export const readClaim =
  ({ db, fleetTable }: FleetStore) =>
  async (siteId: number, claimId: string): Promise<ClaimRecord | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: fleetTable,
        Key: gatewayKeys.claim(siteId, claimId),
        ConsistentRead: true,
      }),
    );
    return Item && claimRecord.parse(Item);
  };

/** A claim by its id alone: whoever brings one does not say of which site it is. */
export const findClaim =
  (store: FleetStore) =>
  async (claimId: string): Promise<ClaimRecord | undefined> => {
    const { Item } = await store.db.send(
      new GetCommand({
        TableName: store.fleetTable,
        Key: gatewayKeys.claimPlace(claimId),
        ConsistentRead: true,
      }),
    );
    return Item && readClaim(store)(Number(Item.site_id), claimId);
  };

export const listClaims =
  ({ db, fleetTable }: FleetStore) =>
  async (siteId: number): Promise<ClaimRecord[]> => {
    const found: ClaimRecord[] = [];
    const pages = paginateQuery(
      { client: db },
      {
        TableName: fleetTable,
        KeyConditionExpression: 'pk = :site AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':site': `SITE#${siteId}`, ':prefix': 'CLAIM#' },
        ConsistentRead: true,
      },
    );
    for await (const { Items } of pages) for (const item of Items ?? []) found.push(claimRecord.parse(item));
    return found;
  };

/** Writes a new claim, and reserves its gateway's name where it is given a time. False where the name is another's by now. */
export const insertClaim =
  (store: GatewayStore) =>
  async (claim: ClaimRecord, event: NewDomainEvent, reserveUntilMs?: number): Promise<boolean> => {
    const { site_id, claim_id, expires_at_ms } = claim;
    const put = (Item: Record<string, unknown>): TransactItem => ({
      Put: { TableName: store.fleetTable, Item, ConditionExpression: 'attribute_not_exists(pk)' },
    });
    const committed = await commitWithAudit(store)(
      [
        put({ ...gatewayKeys.claim(site_id, claim_id), ...kept(claim) }),
        put({ ...gatewayKeys.claimPlace(claim_id), site_id, ttl: ttlSeconds(expires_at_ms + keepMs) }),
        put({ ...gatewayKeys.claimEnd(expires_at_ms, claim_id), claim_id, site_id }),
        ...(reserveUntilMs === undefined ? [] : [reserveNameItem(store, claim, reserveUntilMs)]),
      ],
      [event],
    );
    return committed.ok;
  };

/** Binds a claim to the key that uses it: the first one, and after that the same one. */
export const claimUseItem =
  ({ fleetTable }: FleetStore) =>
  (claim: ClaimRecord, publicKeyHash: string, nowMs: number): TransactItem => ({
    Update: {
      TableName: fleetTable,
      Key: gatewayKeys.claim(claim.site_id, claim.claim_id),
      UpdateExpression:
        'SET #status = :used, public_key_hash = :key, used_at_ms = if_not_exists(used_at_ms, :now)',
      ConditionExpression: '#status = :open OR (#status = :used AND public_key_hash = :key)',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':used': 'used', ':open': 'open', ':key': publicKeyHash, ':now': nowMs },
    },
  });

/** Ends a claim that nobody has used, and lets go of its name. False where somebody has, or it was ended before. */
export const endClaim =
  (store: GatewayStore) =>
  async (claim: ClaimRecord, status: 'withdrawn' | 'expired', event: NewDomainEvent) => {
    const { site_id, claim_id } = claim;
    const end: TransactItem = {
      Update: {
        TableName: store.fleetTable,
        Key: gatewayKeys.claim(site_id, claim_id),
        UpdateExpression: 'SET #status = :status',
        ConditionExpression: '#status = :open',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':status': status, ':open': 'open' },
      },
    };
    const { ok } = await commitWithAudit(store)([end], [event]);
    if (ok)
      await releaseName(store)(claim, async () => {
        const open = (await listClaims(store)(site_id)).filter((one) => one.status === 'open');
        return open.filter((one) => one.gateway_id === claim.gateway_id);
      });
    return ok;
  };

const endItem = z.object({ claim_id: z.string(), site_id: z.int(), sk: z.string() });

/** Claims whose time is over and of which nobody has seen to the end yet, the longest overdue first. */
export const listEnding =
  (store: FleetStore) =>
  async (
    nowMs: number,
    limit: number,
  ): Promise<readonly { claim: ClaimRecord | undefined; sk: string }[]> => {
    const { Items } = await store.db.send(
      new QueryCommand({
        TableName: store.fleetTable,
        KeyConditionExpression: 'pk = :ends AND sk <= :now',
        ExpressionAttributeValues: { ':ends': claimEnds, ':now': gatewayKeys.claimEnd(nowMs, '~').sk },
        Limit: limit,
      }),
    );
    return Promise.all(
      (Items ?? []).map(async (item) => {
        const { claim_id, site_id, sk } = endItem.parse(item);
        return { claim: await readClaim(store)(site_id, claim_id), sk };
      }),
    );
  };

/** The end of this claim has been seen to. */
export const forgetEnding =
  ({ db, fleetTable }: FleetStore) =>
  async (sk: string) => {
    await db.send(new DeleteCommand({ TableName: fleetTable, Key: { pk: claimEnds, sk } }));
  };
