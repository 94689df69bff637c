import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { CommandStatus } from '../../contracts/command.ts';
import { cursorAfter } from '../shared/cursor.ts';
import { type CommandRecord, commandRecord } from './command.ts';
import type { ControlReader } from './command-repository.ts';
import {
  commandsByDue,
  commandsByStatus,
  controlKeys,
  openCommands,
  unknownCommands,
} from './control-keys.ts';

const onlyId = z.object({ commandId: z.string() });

/** Ids of a gateway's APPROVED commands, the oldest first, of the site's oldest `most`: as the index has them, which may be behind. */
export const listApproved =
  ({ db, controlTable }: ControlReader) =>
  async (siteId: number, gatewayId: string, most: number): Promise<string[]> => {
    const { Items } = await db.send(
      new QueryCommand({
        TableName: controlTable,
        IndexName: commandsByStatus,
        KeyConditionExpression: 'status_pk = :approved AND begins_with(sk, :command)',
        FilterExpression: 'gatewayId = :gateway',
        ExpressionAttributeValues: {
          ':approved': controlKeys.status(siteId, 'APPROVED'),
          ':command': 'COMMAND#',
          ':gateway': gatewayId,
        },
        ProjectionExpression: 'commandId',
        Limit: most,
      }),
    );
    return (Items ?? []).map((item) => onlyId.parse(item).commandId);
  };

export type CommandPage = { readonly commands: readonly CommandRecord[]; readonly nextCursor?: string };

/** A page of a site's commands, newest first, all or those in one status, made within a span of time where one is given. */
export const listCommands =
  ({ db, controlTable }: ControlReader) =>
  async (
    siteId: number,
    limit: number,
    status?: CommandStatus,
    after?: string,
    { sinceMs = 0, untilMs = 2 ** 47 }: { readonly sinceMs?: number; readonly untilMs?: number } = {},
  ): Promise<CommandPage> => {
    const pk = `SITE#${siteId}`;
    const partition = status ? controlKeys.status(siteId, status) : pk;
    const at = (ms: number) => `COMMAND#cmd-${ms.toString(16).padStart(12, '0')}`;
    const { Items, LastEvaluatedKey } = await db.send(
      new QueryCommand({
        TableName: controlTable,
        ...(status && { IndexName: commandsByStatus }),
        KeyConditionExpression: `${status ? 'status_pk' : 'pk'} = :partition AND sk BETWEEN :first AND :last`,
        ExpressionAttributeValues: {
          ':partition': partition,
          ':first': at(sinceMs),
          ':last': `${at(untilMs)}~`,
        },
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

const listBefore =
  (partition: string) =>
  ({ db, controlTable }: ControlReader) =>
  async (nowMs: number, limit: number): Promise<CommandRecord[]> => {
    const { Items } = await db.send(
      new QueryCommand({
        TableName: controlTable,
        IndexName: commandsByDue,
        KeyConditionExpression: 'due_pk = :open AND due_sk <= :now',
        ExpressionAttributeValues: { ':open': partition, ':now': controlKeys.due(nowMs) },
        Limit: limit,
      }),
    );
    return (Items ?? []).map((item) => commandRecord.parse(item));
  };

/** Up to `limit` unsettled commands whose time has run out, the longest overdue first. */
export const listDue = listBefore(openCommands);

/** Up to `limit` commands whose end is unknown and for which telemetry is to be asked again. */
export const listUnknown = listBefore(unknownCommands);
