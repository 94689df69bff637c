import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { CommandEnvelope } from '../../contracts/command.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import { ttlSeconds } from '../shared/clock.ts';
import type { CommandRecord } from './command.ts';
import type { ControlReader, ControlStore } from './command-repository.ts';
import { controlKeys } from './control-keys.ts';
import { notHalted } from './halt-repository.ts';
import { countItems, moveItem } from './move-commands.ts';

/**
 * The way of commands to one gateway. `allocated` is the last sequence given out; `commandIds` have the sequences from
 * `published` + 1 up to it, in this order. `published` follows once their envelopes were handed to the broker. The next
 * sequences are given out only when both are equal, so envelopes first leave in the order of their sequences, whoever
 * sends them.
 */
const storedLane = z.object({
  allocated: z.int().nonnegative(),
  published: z.int().nonnegative(),
  commandIds: z.array(z.string()),
});
export type Lane = z.infer<typeof storedLane>;
/** Nobody polls for an envelope that has expired; some more for clocks that differ. */
const keepSequenceMs = 3_600_000;

/** The gateway's lane; undefined before its first command. */
export const readLane =
  ({ db, controlTable }: ControlReader) =>
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

/** A command with the envelope that it is to have from now on, and the event that says so. */
export type Allocation = {
  readonly command: CommandRecord;
  readonly envelope: CommandEnvelope;
  readonly event: NewDomainEvent;
};
/** At most so many at once: each takes three items of the transaction's hundred. */
export const mostAllocated = 30;
/** Of at most so many batches, each of which counts what was sent. */
const mostBatches = 5;

/** The first of these commands of one gateway that one transaction can give sequences. */
export const allocatable = (commands: readonly CommandRecord[]): readonly CommandRecord[] => {
  const batches = new Set<string>();
  const tooMany = commands.findIndex(
    ({ batchId }) => batchId !== undefined && batches.add(batchId).size > mostBatches,
  );
  return commands.slice(0, Math.min(mostAllocated, tooMany < 0 ? commands.length : tooMany));
};

/**
 * Gives out the envelopes' sequences, which follow each other, stores the envelopes and moves the commands of this one
 * gateway to DISPATCHED: all or nothing, and nothing while a kill switch over the gateway is set or cannot be read.
 * `contended` when another dispatcher was faster, on this lane or with one of these commands.
 */
export const allocate =
  (store: ControlStore) =>
  async (
    allocations: readonly Allocation[],
    nowMs: number,
  ): Promise<'allocated' | 'contended' | 'halted'> => {
    const [first] = allocations;
    const last = allocations.at(-1);
    if (!first || !last) return 'allocated';
    const { tenantId, siteId, gatewayId } = first.command;
    const previous = first.envelope.sequence - 1;
    const halts = notHalted(store, [
      { scope: 'tenant', tenantId },
      { scope: 'site', tenantId, siteId },
      { scope: 'gateway', tenantId, siteId, gatewayId },
    ]);
    const lane: TransactItem = {
      Update: {
        TableName: store.controlTable,
        Key: controlKeys.lane(siteId, gatewayId),
        UpdateExpression: 'SET allocated = :last, published = :previous, commandIds = :commands',
        ConditionExpression:
          previous === 0 ? 'attribute_not_exists(pk)' : 'allocated = :previous AND published = :previous',
        ExpressionAttributeValues: {
          ':last': last.envelope.sequence,
          ':previous': previous,
          ':commands': allocations.map(({ command }) => command.commandId),
        },
      },
    };
    const given = ({ commandId, sequence, expiresAtMs }: CommandEnvelope): TransactItem => ({
      Put: {
        TableName: store.controlTable,
        Item: {
          ...controlKeys.envelope(siteId, gatewayId, sequence),
          commandId,
          sequence,
          ttl: ttlSeconds(expiresAtMs + keepSequenceMs),
        },
      },
    });
    const moves = allocations.map(({ command, envelope }) => ({
      command,
      name: 'dispatch' as const,
      nowMs,
      patch: { envelope, dispatchedAtMs: nowMs },
    }));
    const envelopes = allocations.map(({ envelope }) => given(envelope));
    const committed = await commitWithAudit(store)(
      [
        ...halts,
        lane,
        ...moves.map((move) => moveItem(store, move)),
        ...envelopes,
        ...countItems(store, moves),
      ],
      allocations.map(({ event }) => event),
    );
    if (committed.ok) return 'allocated';
    return committed.conflict < halts.length ? 'halted' : 'contended';
  };

/** Frees the lane for the next sequences. Nothing happens when another dispatcher has already done so. */
export const markPublished =
  ({ db, controlTable }: ControlReader) =>
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
