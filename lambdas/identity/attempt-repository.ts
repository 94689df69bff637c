import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochMs } from '../../contracts/identifiers.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { ttlSeconds } from '../shared/clock.ts';
import { type AttemptDeps, attemptLimit } from './attempts.ts';
import { type IdentityStore, identityKeys, type UserRef } from './identity-keys.ts';
import { deviceLifeMs } from './session.ts';

/** True where the condition held and the item was written. */
const isWritten = async ({ db }: IdentityStore, input: UpdateCommandInput) => {
  try {
    await db.send(new UpdateCommand(input));
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
};

/** The attempts of one user's second factor, counted in windows that begin with the first. */
export const attemptsOf = (store: IdentityStore, ref: UserRef, nowMs: number): AttemptDeps => {
  const { db, identityTable: TableName } = store;
  const { most, windowMs } = attemptLimit;
  return {
    isKnownDevice: async (deviceHash) => {
      const { Item } = await db.send(
        new GetCommand({ TableName, Key: identityKeys.device(ref, deviceHash) }),
      );
      const item = z.object({ expires_at_ms: epochMs }).safeParse(Item);
      return item.success && item.data.expires_at_ms > nowMs;
    },
    take: async (from) => {
      const Key = identityKeys.attempts(ref, from);
      const oneMore = () =>
        isWritten(store, {
          TableName,
          Key,
          UpdateExpression: 'ADD taken :one',
          ConditionExpression: 'window_ends_at_ms > :now AND taken < :most',
          ExpressionAttributeValues: { ':one': 1, ':now': nowMs, ':most': most },
        });
      const firstOfWindow = () =>
        isWritten(store, {
          TableName,
          Key,
          UpdateExpression: 'SET taken = :one, window_ends_at_ms = :end, #ttl = :ttl',
          ConditionExpression: 'attribute_not_exists(pk) OR window_ends_at_ms <= :now',
          ExpressionAttributeNames: { '#ttl': 'ttl' },
          ExpressionAttributeValues: {
            ':one': 1,
            ':now': nowMs,
            ':end': nowMs + windowMs,
            ':ttl': ttlSeconds(nowMs + windowMs),
          },
        });
      // The third look is for who found no window and was not the first to begin one.
      return (await oneMore()) || (await firstOfWindow()) || (await oneMore());
    },
    giveBack: async (from) => {
      await isWritten(store, {
        TableName,
        Key: identityKeys.attempts(ref, from),
        UpdateExpression: 'ADD taken :less',
        ConditionExpression: 'taken > :none',
        ExpressionAttributeValues: { ':less': -1, ':none': 0 },
      });
    },
  };
};

/** Remembers a browser that has passed. */
export const deviceItem = (
  { identityTable }: IdentityStore,
  ref: UserRef,
  deviceHash: string,
  nowMs: number,
): TransactItem => ({
  Put: {
    TableName: identityTable,
    Item: {
      ...identityKeys.device(ref, deviceHash),
      expires_at_ms: nowMs + deviceLifeMs,
      ttl: ttlSeconds(nowMs + deviceLifeMs),
    },
  },
});
