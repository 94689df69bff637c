import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { CommandStatus } from '../../contracts/command.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { type AuditStore, commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import { cursorAfter } from '../shared/cursor.ts';
import {
  type CommandRecord,
  commandRecord,
  conditionOf,
  dueAt,
  type TransitionName,
  transitions,
} from './command.ts';
import { commandsByDue, commandsByStatus, controlKeys, openCommands } from './control-keys.ts';

export type ControlStore = AuditStore & { readonly controlTable: string };
type ControlReader = Pick<ControlStore, 'db' | 'controlTable'>;

const isNew = { ConditionExpression: 'attribute_not_exists(pk)' } as const;

const indexKeys = ({ siteId, status, dueAtMs }: Pick<CommandRecord, 'siteId' | 'status' | 'dueAtMs'>) => ({
  status_pk: controlKeys.status(siteId, status),
  ...(dueAtMs !== undefined && { due_pk: openCommands, due_sk: controlKeys.due(dueAtMs) }),
});

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

/** The command that a dedupe key already stands for. */
export const findByDedupeKey =
  (store: ControlStore) =>
  async (siteId: number, dedupeKey: string): Promise<CommandRecord | undefined> => {
    const { Item } = await store.db.send(
      new GetCommand({
        TableName: store.controlTable,
        Key: controlKeys.dedupe(siteId, dedupeKey),
        ConsistentRead: true,
      }),
    );
    return Item && readCommand(store)(siteId, z.string().parse(Item.commandId));
  };

/** Writes a new command with its events. False when its dedupe key is taken; nothing is written then. */
export const insertCommand =
  (store: ControlStore) =>
  async (command: CommandRecord, events: readonly NewDomainEvent[]): Promise<boolean> => {
    const { siteId, commandId, dedupeKey } = command;
    const TableName = store.controlTable;
    const dedupe = { ...controlKeys.dedupe(siteId, dedupeKey), commandId };
    const item = { ...controlKeys.command(siteId, commandId), ...command, ...indexKeys(command) };
    const committed = await commitWithAudit(store)(
      [{ Put: { TableName, Item: dedupe, ...isNew } }, { Put: { TableName, Item: item, ...isNew } }],
      events,
    );
    return committed.ok;
  };

/** What a transition may write beside the status. */
export type CommandPatch = Partial<
  Pick<
    CommandRecord,
    'envelope' | 'dispatchedAtMs' | 'acknowledgedAtMs' | 'settledAtMs' | 'failure' | 'before' | 'after'
  >
>;

/** The conditional write that makes a transition, for a transaction. */
export const moveItem = (
  { controlTable }: Pick<ControlStore, 'controlTable'>,
  command: CommandRecord,
  name: TransitionName,
  nowMs: number,
  patch: CommandPatch = {},
): TransactItem => {
  const { from, to } = transitions[name];
  const dueAtMs = dueAt(to, command.expiresAtMs, nowMs);
  const { status_pk, ...due } = indexKeys({ siteId: command.siteId, status: to, dueAtMs });
  const set = {
    updatedAtMs: nowMs,
    status_pk,
    ...patch,
    ...due,
    ...(dueAtMs !== undefined && { dueAtMs }),
  };
  const fields = Object.entries(set).filter(([, value]) => value !== undefined);
  const assignments = ['#status = :to', ...fields.map(([field]) => `#${field} = :${field}`)].join(', ');
  const condition = conditionOf(name);
  return {
    Update: {
      TableName: controlTable,
      Key: controlKeys.command(command.siteId, command.commandId),
      UpdateExpression: `SET ${assignments}${dueAtMs === undefined ? ' REMOVE dueAtMs, due_pk, due_sk' : ''}`,
      ConditionExpression: condition,
      ExpressionAttributeNames: {
        '#status': 'status',
        ...Object.fromEntries(fields.map(([field]) => [`#${field}`, field])),
      },
      ExpressionAttributeValues: {
        ':to': to,
        ...Object.fromEntries(from.map((status, index) => [`:from${index}`, status])),
        ...Object.fromEntries(fields.map(([field, value]) => [`:${field}`, value])),
        ...(condition.includes(':nowMs') && { ':nowMs': nowMs }),
      },
    },
  };
};

/** Moves a command and records the events. False when its condition did not hold; nothing is written then. */
export const moveCommand =
  (store: ControlStore) =>
  async (
    command: CommandRecord,
    name: TransitionName,
    nowMs: number,
    patch: CommandPatch,
    events: readonly NewDomainEvent[],
  ): Promise<boolean> => {
    const committed = await commitWithAudit(store)([moveItem(store, command, name, nowMs, patch)], events);
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

export type CommandPage = { readonly commands: readonly CommandRecord[]; readonly nextCursor?: string };

/** A page of a site's commands, newest first, all or those in one status. */
export const listCommands =
  ({ db, controlTable }: ControlReader) =>
  async (siteId: number, limit: number, status?: CommandStatus, after?: string): Promise<CommandPage> => {
    const pk = `SITE#${siteId}`;
    const partition = status ? controlKeys.status(siteId, status) : pk;
    const { Items, LastEvaluatedKey } = await db.send(
      new QueryCommand({
        TableName: controlTable,
        ...(status && { IndexName: commandsByStatus }),
        KeyConditionExpression: `${status ? 'status_pk' : 'pk'} = :partition AND begins_with(sk, :command)`,
        ExpressionAttributeValues: { ':partition': partition, ':command': 'COMMAND#' },
        ScanIndexForward: false,
        Limit: limit,
        ...(after !== undefined && {
          ExclusiveStartKey: { pk, sk: `COMMAND#${after}`, ...(status && { status_pk: partition }) },
        }),
      }),
    );
    const nextCursor = cursorAfter(LastEvaluatedKey, 'COMMAND#');
    return {
      commands: (Items ?? []).map((item) => commandRecord.parse(item)),
      ...(nextCursor && { nextCursor }),
    };
  };

/** Up to `limit` unsettled commands whose time has run out, the longest overdue first. */
export const listDue =
  ({ db, controlTable }: ControlReader) =>
  async (nowMs: number, limit: number): Promise<CommandRecord[]> => {
    const { Items } = await db.send(
      new QueryCommand({
        TableName: controlTable,
        IndexName: commandsByDue,
        KeyConditionExpression: 'due_pk = :open AND due_sk <= :now',
        ExpressionAttributeValues: { ':open': openCommands, ':now': controlKeys.due(nowMs) },
        Limit: limit,
      }),
    );
    return (Items ?? []).map((item) => commandRecord.parse(item));
  };
