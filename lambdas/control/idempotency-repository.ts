import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import type { ControlReader } from './command-repository.ts';
import { controlKeys } from './control-keys.ts';

const stored = z.object({ batchId: z.string(), requestHash: z.string() });

/** The batch that an idempotency key made at a site, and the hash of the request that made it. */
export const findBatchByKey =
  ({ db, controlTable }: ControlReader) =>
  async (siteId: number, key: string): Promise<z.infer<typeof stored> | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: controlTable,
        Key: controlKeys.dedupe(siteId, `batch:${key}`),
        ConsistentRead: true,
      }),
    );
    return Item && stored.parse(Item);
  };

/** Lets an idempotency key stand for a batch; the transaction fails where it stands for another. */
export const keyItem =
  ({ controlTable: TableName }: Pick<ControlReader, 'controlTable'>) =>
  (siteId: number, key: string, batchId: string, requestHash: string): TransactItem => ({
    Put: {
      TableName,
      Item: { ...controlKeys.dedupe(siteId, `batch:${key}`), batchId, requestHash },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  });
