import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type CommandType, commandTypes } from '../../contracts/command.ts';
import { minerReading } from '../../contracts/reading.ts';
import { ttlSeconds } from '../shared/clock.ts';
import { type AdvisorStore, advisorKeys } from './advisor-keys.ts';

const peerFigures = z.object({
  count: z.int(),
  hashrateThs: z.number().optional(),
  chipTempC: z.number().optional(),
  powerW: z.number().optional(),
});
const baselineTarget = z.object({
  minerId: z.string(),
  before: minerReading.optional(),
  peersBefore: peerFigures,
});
export type BaselineTarget = z.infer<typeof baselineTarget>;

/** How the targets and their peers were before the first command. Only the first call writes. */
export const putBaseline =
  ({ db, advisorTable }: AdvisorStore) =>
  async (recommendationId: string, targets: readonly BaselineTarget[]): Promise<void> => {
    try {
      await db.send(
        new PutCommand({
          TableName: advisorTable,
          Item: { ...advisorKeys.baseline(recommendationId), targets },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  };

export const readBaseline =
  ({ db, advisorTable }: AdvisorStore) =>
  async (recommendationId: string): Promise<BaselineTarget[]> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: advisorTable,
        Key: advisorKeys.baseline(recommendationId),
        ConsistentRead: true,
      }),
    );
    return Item ? z.array(baselineTarget).parse(Item.targets) : [];
  };

const progress = z.object({ planned: z.int().optional(), settled: z.instanceof(Set).optional() });
const isDone = (attributes: unknown) => {
  const { planned, settled } = progress.parse(attributes);
  return planned !== undefined && (settled?.size ?? 0) >= planned;
};

/**
 * Counts a settled command once, however often it is told; true when all planned ones are settled. `planCommands` and
 * `settleCommand` may come in any order: whichever comes last says true.
 */
export const settleCommand =
  ({ db, advisorTable }: AdvisorStore) =>
  async (recommendationId: string, commandId: string): Promise<boolean> => {
    const { Attributes } = await db.send(
      new UpdateCommand({
        TableName: advisorTable,
        Key: advisorKeys.progress(recommendationId),
        UpdateExpression: 'ADD settled :command',
        ExpressionAttributeValues: { ':command': new Set([commandId]) },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return isDone(Attributes);
  };

export const planCommands =
  ({ db, advisorTable }: AdvisorStore) =>
  async (recommendationId: string, planned: number): Promise<boolean> => {
    const { Attributes } = await db.send(
      new UpdateCommand({
        TableName: advisorTable,
        Key: advisorKeys.progress(recommendationId),
        UpdateExpression: 'SET planned = :planned',
        ExpressionAttributeValues: { ':planned': planned },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return isDone(Attributes);
  };

export type Wait = 'approval' | 'execution';

/** A state machine's task token, sealed by KMS; it is read only to resume what it belongs to. */
export const putSealedToken =
  ({ db, advisorTable }: AdvisorStore) =>
  async (recommendationId: string, wait: Wait, sealed: Uint8Array, expiresAtMs: number): Promise<void> => {
    await db.send(
      new PutCommand({
        TableName: advisorTable,
        Item: { ...advisorKeys.token(recommendationId, wait), sealed, ttl: ttlSeconds(expiresAtMs) },
      }),
    );
  };

export const readSealedToken =
  ({ db, advisorTable }: AdvisorStore) =>
  async (recommendationId: string, wait: Wait): Promise<Uint8Array | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: advisorTable,
        Key: advisorKeys.token(recommendationId, wait),
        ConsistentRead: true,
      }),
    );
    return Item && z.object({ sealed: z.instanceof(Uint8Array) }).parse(Item).sealed;
  };

export const deleteSealedToken =
  ({ db, advisorTable }: AdvisorStore) =>
  async (recommendationId: string, wait: Wait): Promise<void> => {
    await db.send(
      new DeleteCommand({ TableName: advisorTable, Key: advisorKeys.token(recommendationId, wait) }),
    );
  };

const minerCommandKeptMs = 24 * 60 * 60_000;

/** Remembers what was done to a miner, so that its consequences are not taken for a fault. */
export const recordMinerCommand =
  ({ db, advisorTable }: AdvisorStore) =>
  async (siteId: number, minerId: string, type: CommandType, atMs: number): Promise<void> => {
    await db.send(
      new PutCommand({
        TableName: advisorTable,
        Item: {
          ...advisorKeys.minerCommand(siteId, minerId, atMs),
          type,
          at_ms: atMs,
          ttl: ttlSeconds(atMs + minerCommandKeptMs),
        },
      }),
    );
  };

export const readMinerCommands =
  ({ db, advisorTable }: AdvisorStore) =>
  async (
    siteId: number,
    minerId: string,
    sinceMs: number,
  ): Promise<{ type: CommandType; atMs: number }[]> => {
    const { pk, sk } = advisorKeys.minerCommand(siteId, minerId, sinceMs);
    const { Items = [] } = await db.send(
      new QueryCommand({
        TableName: advisorTable,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :since AND :end',
        ExpressionAttributeValues: { ':pk': pk, ':since': sk, ':end': 'COMMAND#~' },
        ConsistentRead: true,
      }),
    );
    return z
      .array(z.object({ type: z.enum(commandTypes), at_ms: z.int() }))
      .parse(Items)
      .map(({ type, at_ms }) => ({ type, atMs: at_ms }));
  };
