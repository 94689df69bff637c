import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import { type Position, type Rewrapped, type Rotation, rotationItem } from './rotation.ts';
import { partItem, partPrefix, type SealingReader, type StoredPart, sealingKeys } from './sealing-keys.ts';
import type { SealingStore } from './sealing-repository.ts';

const partsPerPage = 50;
const keyOf = z.tuple([z.string(), z.string()]).transform(([pk, sk]) => ({ pk, sk }));
const lastKey = z
  .object({ pk: z.string(), sk: z.string() })
  .transform(({ pk, sk }) => JSON.stringify([pk, sk]));

export const readRotation =
  ({ db, sealingTable }: SealingReader) =>
  async (): Promise<Rotation | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: sealingTable, Key: sealingKeys.rotation, ConsistentRead: true }),
    );
    return Item && rotationItem.parse(Item);
  };

/** Writes how far a pass is, if what stands is what its writer saw. */
export const putRotation =
  ({ db, sealingTable }: SealingReader) =>
  async (next: Rotation, before: Rotation | undefined): Promise<boolean> => {
    const seen = before && {
      ConditionExpression: `runId = :run AND ${before.after ? '#after = :after' : 'attribute_not_exists(#after)'}`,
      ExpressionAttributeNames: { '#after': 'after' },
      ExpressionAttributeValues: { ':run': before.runId, ...(before.after && { ':after': before.after }) },
    };
    try {
      await db.send(
        new PutCommand({
          TableName: sealingTable,
          Item: { ...sealingKeys.rotation, ...next },
          ...(seen ?? { ConditionExpression: 'attribute_not_exists(pk)' }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };

/** A page of all sealed parts of all gateways, in the table's own order. */
export const nextParts =
  ({ db, sealingTable }: SealingReader) =>
  async (
    after: Position | undefined,
  ): Promise<{ readonly parts: readonly StoredPart[]; readonly next?: Position | undefined }> => {
    const { Items, LastEvaluatedKey } = await db.send(
      new ScanCommand({
        TableName: sealingTable,
        ConsistentRead: true,
        FilterExpression: 'begins_with(sk, :parts)',
        ExpressionAttributeValues: { ':parts': partPrefix },
        Limit: partsPerPage,
        ...(after !== undefined && { ExclusiveStartKey: keyOf.parse(JSON.parse(after)) }),
      }),
    );
    return {
      parts: (Items ?? []).map((item) => partItem.parse(item)),
      ...(LastEvaluatedKey && { next: lastKey.parse(LastEvaluatedKey) }),
    };
  };

/** The parts as they stand now; those that are gone are left out. */
export const readParts =
  ({ db, sealingTable }: SealingReader) =>
  async (parts: readonly StoredPart[]): Promise<StoredPart[]> => {
    const found = await Promise.all(
      parts.map(({ pk, sk }) =>
        db.send(new GetCommand({ TableName: sealingTable, Key: { pk, sk }, ConsistentRead: true })),
      ),
    );
    return found.flatMap(({ Item }) => (Item ? [partItem.parse(Item)] : []));
  };

/** Puts new wrapped keys in place of the old ones, and nothing else of a value. */
export const replaceKeys =
  (store: SealingStore) =>
  async (changes: readonly Rewrapped[], runId: string, event: NewDomainEvent): Promise<boolean> => {
    const committed = await commitWithAudit(store)(
      changes.map(
        ({ before, key }): TransactItem => ({
          Update: {
            TableName: store.sealingTable,
            Key: { pk: before.pk, sk: before.sk },
            UpdateExpression: 'SET sealed.key_id = :key, sealed.wrapped_key = :wrapped, rewrapped_by = :run',
            ConditionExpression: 'sealed.wrapped_key = :before',
            ExpressionAttributeValues: {
              ':key': key.key_id,
              ':wrapped': key.wrapped_key,
              ':before': before.sealed.wrapped_key,
              ':run': runId,
            },
          },
        }),
      ),
      [event],
    );
    return committed.ok;
  };
