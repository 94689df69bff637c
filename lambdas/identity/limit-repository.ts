import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { ttlSeconds } from '../shared/clock.ts';
import { type IdentityStore, identityKeys } from './identity-keys.ts';

const windowMs = 60_000;

/** Counts one more of something from a source in this minute; false, without counting, where `most` are there already. */
export const takeFromLimit =
  ({ db, identityTable }: IdentityStore) =>
  async (what: string, source: string, most: number, nowMs: number): Promise<boolean> => {
    const window = Math.floor(nowMs / windowMs);
    try {
      await db.send(
        new UpdateCommand({
          TableName: identityTable,
          Key: identityKeys.limit(what, source, window),
          UpdateExpression: 'ADD taken :one SET #ttl = :ttl',
          ConditionExpression: 'attribute_not_exists(taken) OR taken < :most',
          ExpressionAttributeNames: { '#ttl': 'ttl' },
          ExpressionAttributeValues: {
            ':one': 1,
            ':most': most,
            ':ttl': ttlSeconds((window + 2) * windowMs),
          },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };
