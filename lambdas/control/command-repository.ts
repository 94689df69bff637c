import { BatchGetCommand, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { type AuditStore, commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import { sealedOnly } from '../sealing/seal-orders.ts';
import { type CommandRecord, commandRecord } from './command.ts';
import { controlKeys } from './control-keys.ts';
import { indexKeys, type Move, moveAll } from './move-commands.ts';

export type ControlStore = AuditStore & { readonly controlTable: string };
export type ControlReader = Pick<ControlStore, 'db' | 'controlTable'>;

const isNew = { ConditionExpression: 'attribute_not_exists(pk)' } as const;

export const readCommand =
  ({ db, controlTable }: ControlReader) =>
  async (siteId: number, commandId: string): Promise<CommandRecord | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: controlTable,
        Key: controlKeys.command(siteId, commandId),
        ConsistentRead: true,
      }),
    );
    return Item && commandRecord.parse(Item);
  };

const mostPerGet = 100;

/** Those of the commands that exist, in the order of their ids as asked. */
export const readCommands =
  ({ db, controlTable }: ControlReader) =>
  async (siteId: number, commandIds: readonly string[]): Promise<CommandRecord[]> => {
    const found = new Map<string, CommandRecord>();
    let keys = [...new Set(commandIds)].map((id) => controlKeys.command(siteId, id));
    while (keys.length > 0) {
      const { Responses, UnprocessedKeys } = await db.send(
        new BatchGetCommand({
          RequestItems: { [controlTable]: { Keys: keys.slice(0, mostPerGet), ConsistentRead: true } },
        }),
      );
      for (const item of Responses?.[controlTable] ?? []) {
        const command = commandRecord.parse(item);
        found.set(command.commandId, command);
      }
      const again = z
        .array(z.object({ pk: z.string(), sk: z.string() }))
        .parse(UnprocessedKeys?.[controlTable]?.Keys ?? []);
      keys = [...again, ...keys.slice(mostPerGet)];
    }
    return commandIds.flatMap((id) => found.get(id) ?? []);
  };

const dedupeItem = z.object({ commandId: z.string(), requestHash: z.string().optional() });

/** The command that a dedupe key already stands for, and the hash of the request that made it. */
export const findByDedupeKey =
  (store: ControlReader) =>
  async (
    siteId: number,
    dedupeKey: string,
  ): Promise<{ readonly command: CommandRecord; readonly requestHash?: string | undefined } | undefined> => {
    const { Item } = await store.db.send(
      new GetCommand({
        TableName: store.controlTable,
        Key: controlKeys.dedupe(siteId, dedupeKey),
        ConsistentRead: true,
      }),
    );
    if (!Item) return undefined;
    const { commandId, requestHash } = dedupeItem.parse(Item);
    const command = await readCommand(store)(siteId, commandId);
    return command && { command, requestHash };
  };

/** A new command's item, for a transaction. */
export const newCommandItem = (
  { controlTable: TableName }: Pick<ControlStore, 'controlTable'>,
  command: CommandRecord,
): TransactItem => ({
  Put: {
    TableName,
    Item: {
      ...controlKeys.command(command.siteId, command.commandId),
      ...command,
      order: sealedOnly(command.order),
      ...indexKeys(command),
    },
    ...isNew,
  },
});

export type Inserted = 'inserted' | 'known' | { readonly refusedBy: number };

/**
 * Writes a new command with its events and whatever else must be true: `known` when its dedupe key is taken,
 * `refusedBy` the place among `others` whose condition failed. Nothing is written then.
 */
export const insertCommand =
  (store: ControlStore) =>
  async (
    command: CommandRecord,
    events: readonly NewDomainEvent[],
    others: readonly TransactItem[] = [],
    requestHash?: string,
  ): Promise<Inserted> => {
    const { siteId, commandId, dedupeKey } = command;
    const dedupe = {
      ...controlKeys.dedupe(siteId, dedupeKey),
      commandId,
      ...(requestHash !== undefined && { requestHash }),
    };
    const own = [
      { Put: { TableName: store.controlTable, Item: dedupe, ...isNew } },
      newCommandItem(store, command),
    ];
    const committed = await commitWithAudit(store)([...own, ...others], events);
    if (committed.ok) return 'inserted';
    return committed.conflict < own.length ? 'known' : { refusedBy: committed.conflict - own.length };
  };

/** Moves a command and records the events. False when its condition did not hold; nothing is written then. */
export const moveCommand =
  (store: ControlStore) =>
  async (move: Move): Promise<boolean> =>
    (await moveAll(store)([move]))[0] ?? false;

/** Stores a vote, or anything else that changes no status, unless the command has changed since it was read. */
export const amendCommand =
  (store: ControlStore) =>
  async (
    { siteId, commandId, status, revision = 0 }: CommandRecord,
    changes: Pick<CommandRecord, 'votes' | 'need' | 'updatedAtMs'>,
    events: readonly NewDomainEvent[],
  ): Promise<boolean> => {
    const fields = Object.entries({ ...changes, revision: revision + 1 });
    const committed = await commitWithAudit(store)(
      [
        {
          Update: {
            TableName: store.controlTable,
            Key: controlKeys.command(siteId, commandId),
            UpdateExpression: `SET ${fields.map(([field]) => `#${field} = :${field}`).join(', ')}`,
            ConditionExpression:
              '#status = :status AND (attribute_not_exists(#revision) OR #revision = :was) AND expiresAtMs > :updatedAtMs',
            ExpressionAttributeNames: {
              '#status': 'status',
              ...Object.fromEntries(fields.map(([field]) => [`#${field}`, field])),
            },
            ExpressionAttributeValues: {
              ':status': status,
              ':was': revision,
              ...Object.fromEntries(fields.map(([field, value]) => [`:${field}`, value])),
            },
          },
        },
      ],
      events,
    );
    return committed.ok;
  };

/** Records once that this kind of answer came too late to matter. */
export const noteLateAnswer =
  (store: ControlStore) =>
  async ({ siteId, commandId }: CommandRecord, answer: string, event: NewDomainEvent): Promise<void> => {
    const mark: TransactItem = {
      Update: {
        TableName: store.controlTable,
        Key: controlKeys.command(siteId, commandId),
        UpdateExpression: 'SET #mark = :true',
        ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(#mark)',
        ExpressionAttributeNames: { '#mark': `late_${answer}` },
        ExpressionAttributeValues: { ':true': true },
      },
    };
    await commitWithAudit(store)([mark], [event]);
  };

/** When telemetry is next asked for a command whose end is unknown; never again where `nextMs` is absent. */
export const observeAgain =
  ({ db, controlTable }: ControlReader) =>
  async ({ siteId, commandId }: CommandRecord, nextMs?: number): Promise<void> => {
    await db.send(
      new UpdateCommand({
        TableName: controlTable,
        Key: controlKeys.command(siteId, commandId),
        UpdateExpression:
          nextMs === undefined ? 'REMOVE dueAtMs, due_pk, due_sk' : 'SET dueAtMs = :next, due_sk = :sk',
        ConditionExpression: '#status = :unknown',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ':unknown': 'UNKNOWN',
          ...(nextMs !== undefined && { ':next': nextMs, ':sk': controlKeys.due(nextMs) }),
        },
      }),
    );
  };

/** Makes a rollback the one of its command, while that is as it was read. */
export const claimRollback =
  ({ controlTable }: Pick<ControlStore, 'controlTable'>) =>
  ({ siteId, commandId, status, rollbackId: former }: CommandRecord, rollbackId: string): TransactItem => ({
    Update: {
      TableName: controlTable,
      Key: controlKeys.command(siteId, commandId),
      UpdateExpression: 'SET rollbackId = :next',
      ConditionExpression: `#status = :status AND ${former === undefined ? 'attribute_not_exists(rollbackId)' : 'rollbackId = :former'}`,
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: {
        ':next': rollbackId,
        ':status': status,
        ...(former !== undefined && { ':former': former }),
      },
    },
  });
