import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import { ttlSeconds } from '../shared/clock.ts';
import type { CommandRecord } from './command.ts';
import { type ControlStore, moveItem } from './command-repository.ts';
import { controlKeys } from './control-keys.ts';

/**
 * The way of commands to one gateway. `allocated` is the last sequence given out, to `commandId`; `published` follows
 * it once that envelope was handed to the broker. The next sequence is given out only when both are equal, so
 * envelopes first leave in the order of their sequences, whoever sends them.
 */
const storedLane = z.object({
  allocated: z.int().nonnegative(),
  published: z.int().nonnegative(),
  commandId: z.string(),
});
export type Lane = z.infer<typeof storedLane>;
/** Nobody polls for an envelope that has expired; some more for clocks that differ. */
const keepSequenceMs = 3_600_000;

/** The gateway's lane; undefined before its first command. */
export const readLane =
  ({ db, controlTable }: ControlStore) =>
  async (siteId: number, gatewayId: string): Promise<Lane | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: controlTable,
        Key: controlKeys.lane(siteId, gatewayId),
        ConsistentRead: true,
      }),
    );
    return Item && storedLane.parse(Item);
  };

/**
 * Gives out the envelope's sequence, stores the envelope and moves the command to DISPATCHED, all or nothing. False
 * when another dispatcher was faster, on this lane or with this command.
 */
export const allocate =
  (store: ControlStore) =>
  async (
    command: CommandRecord,
    envelope: NonNullable<CommandRecord['envelope']>,
    nowMs: number,
    event: NewDomainEvent,
  ): Promise<boolean> => {
    const { siteId, gatewayId, commandId } = command;
    const previous = envelope.sequence - 1;
    const lane: TransactItem = {
      Update: {
        TableName: store.controlTable,
        Key: controlKeys.lane(siteId, gatewayId),
        UpdateExpression: 'SET allocated = :next, published = :previous, commandId = :command',
        ConditionExpression:
          previous === 0 ? 'attribute_not_exists(pk)' : 'allocated = :previous AND published = :previous',
        ExpressionAttributeValues: {
          ':next': envelope.sequence,
          ':previous': previous,
          ':command': commandId,
        },
      },
    };
    const given: TransactItem = {
      Put: {
        TableName: store.controlTable,
        Item: {
          ...controlKeys.envelope(siteId, gatewayId, envelope.sequence),
          commandId,
          sequence: envelope.sequence,
          ttl: ttlSeconds(envelope.expiresAtMs + keepSequenceMs),
        },
      },
    };
    const move = moveItem(store, command, 'dispatch', nowMs, { envelope, dispatchedAtMs: nowMs });
    return (await commitWithAudit(store)([lane, move, given], [event])).ok;
  };

/** Frees the lane for the next sequence. Nothing happens when another dispatcher has already done so. */
export const markPublished =
  ({ db, controlTable }: ControlStore) =>
  async (siteId: number, gatewayId: string, sequence: number): Promise<void> => {
    try {
      await db.send(
        new UpdateCommand({
          TableName: controlTable,
          Key: controlKeys.lane(siteId, gatewayId),
          UpdateExpression: 'SET published = :sequence',
          ConditionExpression: 'allocated = :sequence',
          ExpressionAttributeValues: { ':sequence': sequence },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  };
