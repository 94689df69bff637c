import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochMs, siteId, tenantId } from '../../contracts/identifiers.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { ttlSeconds } from '../shared/clock.ts';
import { type WebhookReader, webhookKeys } from './webhook-keys.ts';

/** Everything of a time, sent again to one endpoint. `nextSeq` is where the audit log is read on from. */
const replayRecord = z.object({
  replayId: z.string(),
  webhookId: z.string(),
  siteId,
  tenantId,
  fromMs: epochMs,
  toMs: epochMs,
  nextSeq: z.int().positive().optional(),
  isDone: z.boolean(),
  queued: z.int().nonnegative(),
  createdAtMs: epochMs,
});
export type ReplayRecord = z.infer<typeof replayRecord>;

const keptMs = 30 * 86_400_000;

export const replayItem = (
  { webhooksTable }: Pick<WebhookReader, 'webhooksTable'>,
  one: ReplayRecord,
): TransactItem => ({
  Put: {
    TableName: webhooksTable,
    Item: {
      ...webhookKeys.replay(one.webhookId, one.replayId),
      ...one,
      ttl: ttlSeconds(one.createdAtMs + keptMs),
    },
    ConditionExpression: 'attribute_not_exists(pk)',
  },
});

export const readReplay =
  ({ db, webhooksTable }: WebhookReader) =>
  async (webhookId: string, replayId: string): Promise<ReplayRecord | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: webhooksTable,
        Key: webhookKeys.replay(webhookId, replayId),
        ConsistentRead: true,
      }),
    );
    return Item && replayRecord.parse(Item);
  };

/** Writes how far a replay has come. False where somebody else has come as far already. */
export const advanceReplay =
  ({ db, webhooksTable }: WebhookReader) =>
  async (
    before: ReplayRecord,
    step: { readonly nextSeq: number; readonly isDone: boolean; readonly queued: number },
  ): Promise<boolean> => {
    try {
      await db.send(
        new UpdateCommand({
          TableName: webhooksTable,
          Key: webhookKeys.replay(before.webhookId, before.replayId),
          UpdateExpression: 'SET nextSeq = :next, isDone = :done, queued = queued + :queued',
          ConditionExpression:
            before.nextSeq === undefined
              ? 'attribute_exists(pk) AND attribute_not_exists(nextSeq)'
              : 'nextSeq = :before AND isDone = :open',
          ExpressionAttributeValues: {
            ':next': step.nextSeq,
            ':done': step.isDone,
            ':queued': step.queued,
            ...(before.nextSeq !== undefined && { ':before': before.nextSeq, ':open': false }),
          },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };
