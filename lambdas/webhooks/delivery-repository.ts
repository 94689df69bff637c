import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { deliveryStatuses } from '../../contracts/api-webhooks.ts';
import { ttlSeconds } from '../shared/clock.ts';
import { cursorAfter } from '../shared/cursor.ts';
import { type DeliveryRecord, deliveryRecord } from './delivery.ts';
import { deliveriesByDue, type WebhookReader, waiting, webhookKeys } from './webhook-keys.ts';

const keptMs = 30 * 86_400_000;
/** How long an attempt that was asked for may take to begin before the sweep asks again. */
export const graceMs = 60_000;
export type DeliveryStatus = (typeof deliveryStatuses)[number];
/** What names a delivery in a queue. */
export const deliveryRef = z.strictObject({
  siteId: z.int(),
  webhookId: z.string(),
  deliveryId: z.string(),
});
export type DeliveryRef = z.infer<typeof deliveryRef>;

/** False where the condition did not hold. */
const ifHeld = async (work: Promise<unknown>): Promise<boolean> => {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
};

const dueAt = (atMs: number, deliveryId: string) => ({
  due_pk: waiting,
  due_sk: webhookKeys.due(atMs, deliveryId),
});

/** Stores a new delivery. False where the endpoint has this event already. */
export const insertDelivery =
  ({ db, webhooksTable }: WebhookReader) =>
  (one: DeliveryRecord, nowMs: number): Promise<boolean> =>
    ifHeld(
      db.send(
        new PutCommand({
          TableName: webhooksTable,
          Item: {
            ...webhookKeys.delivery(one.webhookId, one.deliveryId),
            ...one,
            ...dueAt(nowMs + graceMs, one.deliveryId),
            ttl: ttlSeconds(nowMs + keptMs),
          },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      ),
    );

/**
 * Sends a delivery off again from the start of the schedule, once for each replay; one that is under way is left alone. False
 * where there is nothing to do, or nothing kept.
 */
export const restartDelivery =
  ({ db, webhooksTable }: WebhookReader) =>
  ({ webhookId, deliveryId }: DeliveryRef, replayId: string, nowMs: number): Promise<boolean> =>
    ifHeld(
      db.send(
        new UpdateCommand({
          TableName: webhooksTable,
          Key: webhookKeys.delivery(webhookId, deliveryId),
          UpdateExpression:
            'SET #status = :pending, round = :zero, nextAttemptAtMs = :now, replayId = :replay, due_pk = :waiting, due_sk = :due, #ttl = :ttl REMOVE leaseUntilMs',
          ConditionExpression:
            'attribute_exists(pk) AND #status <> :pending AND (attribute_not_exists(replayId) OR replayId <> :replay)',
          ExpressionAttributeNames: { '#status': 'status', '#ttl': 'ttl' },
          ExpressionAttributeValues: {
            ':pending': 'pending',
            ':zero': 0,
            ':now': nowMs,
            ':replay': replayId,
            ':waiting': waiting,
            ':due': webhookKeys.due(nowMs + graceMs, deliveryId),
            ':ttl': ttlSeconds(nowMs + keptMs),
          },
        }),
      ),
    );

export const readDelivery =
  ({ db, webhooksTable }: WebhookReader) =>
  async (webhookId: string, deliveryId: string): Promise<DeliveryRecord | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: webhooksTable,
        Key: webhookKeys.delivery(webhookId, deliveryId),
        ConsistentRead: true,
      }),
    );
    return Item && deliveryRecord.parse(Item);
  };

/** Takes the next attempt for oneself, for so long. False where another has it, or it is made already. */
export const leaseAttempt =
  ({ db, webhooksTable }: WebhookReader) =>
  (one: DeliveryRecord, nowMs: number, leaseMs: number): Promise<boolean> =>
    ifHeld(
      db.send(
        new UpdateCommand({
          TableName: webhooksTable,
          Key: webhookKeys.delivery(one.webhookId, one.deliveryId),
          UpdateExpression: 'SET leaseUntilMs = :until, due_sk = :due',
          ConditionExpression:
            '#status = :pending AND made = :made AND (attribute_not_exists(leaseUntilMs) OR leaseUntilMs <= :now)',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: {
            ':pending': 'pending',
            ':made': one.made,
            ':now': nowMs,
            ':until': nowMs + leaseMs,
            ':due': webhookKeys.due(nowMs + leaseMs, one.deliveryId),
          },
        }),
      ),
    );

/** Writes what an attempt came to. False where its lease ran out and another attempt was made meanwhile. */
export const recordAttempt =
  ({ db, webhooksTable }: WebhookReader) =>
  (
    before: DeliveryRecord,
    after: Pick<DeliveryRecord, 'status' | 'made' | 'round' | 'attempts' | 'nextAttemptAtMs'>,
    quickMs: number,
    nowMs: number,
  ): Promise<boolean> => {
    const { status, made, round, attempts, nextAttemptAtMs } = after;
    const isWaiting = status === 'pending' && nextAttemptAtMs !== undefined;
    // A short wait is the queue's own; the sweep is there in case its message is lost.
    const dueMs = (nextAttemptAtMs ?? 0) + (isWaiting && nextAttemptAtMs - nowMs <= quickMs ? graceMs : 0);
    return ifHeld(
      db.send(
        new UpdateCommand({
          TableName: webhooksTable,
          Key: webhookKeys.delivery(before.webhookId, before.deliveryId),
          UpdateExpression: isWaiting
            ? 'SET #status = :status, made = :made, round = :round, attempts = :attempts, nextAttemptAtMs = :next, due_sk = :due REMOVE leaseUntilMs'
            : 'SET #status = :status, made = :made, round = :round, attempts = :attempts REMOVE leaseUntilMs, nextAttemptAtMs, due_pk, due_sk',
          ConditionExpression: '#status = :pending AND made = :before',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: {
            ':pending': 'pending',
            ':before': before.made,
            ':status': status,
            ':made': made,
            ':round': round,
            ':attempts': attempts,
            ...(isWaiting && {
              ':next': nextAttemptAtMs,
              ':due': webhookKeys.due(dueMs, before.deliveryId),
            }),
          },
        }),
      ),
    );
  };

/** Gives up a delivery whose endpoint hears nothing any more. */
export const cancelDelivery =
  ({ db, webhooksTable }: WebhookReader) =>
  ({ webhookId, deliveryId, made }: DeliveryRecord): Promise<boolean> =>
    ifHeld(
      db.send(
        new UpdateCommand({
          TableName: webhooksTable,
          Key: webhookKeys.delivery(webhookId, deliveryId),
          UpdateExpression: 'SET #status = :cancelled REMOVE leaseUntilMs, nextAttemptAtMs, due_pk, due_sk',
          ConditionExpression: '#status = :pending AND made = :made',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: { ':pending': 'pending', ':cancelled': 'cancelled', ':made': made },
        }),
      ),
    );

const dueItem = z.object({ ...deliveryRef.shape, due_sk: z.string() });

/** Deliveries whose attempt is due, oldest first, at most so many. */
export const listDue =
  ({ db, webhooksTable }: WebhookReader) =>
  async (nowMs: number, most: number): Promise<z.infer<typeof dueItem>[]> => {
    const { Items } = await db.send(
      new QueryCommand({
        TableName: webhooksTable,
        IndexName: deliveriesByDue,
        KeyConditionExpression: 'due_pk = :waiting AND due_sk < :now',
        ExpressionAttributeValues: { ':waiting': waiting, ':now': webhookKeys.due(nowMs, '~') },
        Limit: most,
      }),
    );
    return (Items ?? []).map((item) => dueItem.parse(item));
  };

/** Puts off when the sweep looks again. False where somebody has just done something with the delivery. */
export const postponeSweep =
  ({ db, webhooksTable }: WebhookReader) =>
  ({ webhookId, deliveryId, due_sk }: z.infer<typeof dueItem>, untilMs: number): Promise<boolean> =>
    ifHeld(
      db.send(
        new UpdateCommand({
          TableName: webhooksTable,
          Key: webhookKeys.delivery(webhookId, deliveryId),
          UpdateExpression: 'SET due_sk = :later',
          ConditionExpression: 'due_sk = :seen',
          ExpressionAttributeValues: { ':seen': due_sk, ':later': webhookKeys.due(untilMs, deliveryId) },
        }),
      ),
    );

export type DeliveryPage = {
  readonly deliveries: readonly DeliveryRecord[];
  readonly nextCursor?: string | undefined;
};

/** A page of an endpoint's deliveries, newest event first, all or those in one status. */
export const listDeliveries =
  ({ db, webhooksTable }: WebhookReader) =>
  async (
    webhookId: string,
    limit: number,
    status?: DeliveryStatus,
    after?: string,
  ): Promise<DeliveryPage> => {
    const { pk } = webhookKeys.delivery(webhookId, '');
    const { Items, LastEvaluatedKey } = await db.send(
      new QueryCommand({
        TableName: webhooksTable,
        KeyConditionExpression: 'pk = :endpoint AND begins_with(sk, :delivery)',
        ExpressionAttributeValues: {
          ':endpoint': pk,
          ':delivery': 'DELIVERY#',
          ...(status && { ':status': status }),
        },
        ...(status && {
          FilterExpression: '#status = :status',
          ExpressionAttributeNames: { '#status': 'status' },
        }),
        ScanIndexForward: false,
        Limit: status ? limit * 4 : limit,
        ...(after !== undefined && { ExclusiveStartKey: webhookKeys.delivery(webhookId, after) }),
      }),
    );
    const found = (Items ?? []).map((item) => deliveryRecord.parse(item));
    if (found.length > limit) {
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        deliveries: page,
        nextCursor: last && cursorAfter(webhookKeys.delivery(webhookId, last.deliveryId), 'DELIVERY#'),
      };
    }
    return { deliveries: found, nextCursor: cursorAfter(LastEvaluatedKey, 'DELIVERY#') };
  };
