import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { BatchStatus } from '../../contracts/api-control.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import { sealedOnly } from '../sealing/seal-orders.ts';
import { ttlSeconds } from '../shared/clock.ts';
import { cursorAfter } from '../shared/cursor.ts';
import {
  type BatchRecord,
  type BatchTransition,
  batchRecord,
  batchTransitions,
  isLive,
  type Target,
  target,
} from './batch.ts';
import type { CommandRecord } from './command.ts';
import { type ControlReader, type ControlStore, newCommandItem } from './command-repository.ts';
import { commandsByDue, commandsByStatus, controlKeys, openBatches } from './control-keys.ts';

const partSize = 500;
/** Targets of a batch that came to nothing need not be kept for ever. */
const keepTargetsMs = 400 * 86_400_000;

export const readBatch =
  ({ db, controlTable }: ControlReader) =>
  async (siteId: number, batchId: string): Promise<BatchRecord | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: controlTable,
        Key: controlKeys.batch(siteId, batchId),
        ConsistentRead: true,
      }),
    );
    return Item && batchRecord.parse(Item);
  };

const storedPart = z.object({ targets: z.array(target) });

/** Stores a batch's miners, in their order, before the batch itself names their version. */
export const putTargets =
  ({ db, controlTable }: ControlReader) =>
  async (
    siteId: number,
    batchId: string,
    version: number,
    targets: readonly Target[],
    nowMs: number,
  ): Promise<void> => {
    await Promise.all(
      Array.from({ length: Math.ceil(targets.length / partSize) }, (_, part) =>
        db.send(
          new PutCommand({
            TableName: controlTable,
            Item: {
              ...controlKeys.targets(siteId, batchId, version, part),
              targets: targets.slice(part * partSize, (part + 1) * partSize),
              ttl: ttlSeconds(nowMs + keepTargetsMs),
            },
          }),
        ),
      ),
    );
  };

/** `most` of a batch's miners from number `from` on, in their order. */
export const readTargets =
  ({ db, controlTable }: ControlReader) =>
  async ({ siteId, batchId, targetsVersion }: BatchRecord, from: number, most: number): Promise<Target[]> => {
    const found: Target[] = [];
    for (let at = from; at < from + most; ) {
      const { Item } = await db.send(
        new GetCommand({
          TableName: controlTable,
          Key: controlKeys.targets(siteId, batchId, targetsVersion, Math.floor(at / partSize)),
          ConsistentRead: true,
        }),
      );
      if (!Item) break;
      const { targets } = storedPart.parse(Item);
      const taken = targets.slice(at % partSize, (at % partSize) + from + most - at);
      if (taken.length === 0) break;
      found.push(...taken);
      at += taken.length;
    }
    return found;
  };

/** A batch that is not at its end is looked after every minute: from its expiry on while it waits, else at once. */
const indexKeys = ({
  siteId,
  status,
  expiresAtMs,
}: Pick<BatchRecord, 'siteId' | 'status' | 'expiresAtMs'>) => ({
  status_pk: controlKeys.batchStatus(siteId, status),
  ...(isLive(status) && {
    due_pk: openBatches,
    due_sk: controlKeys.due(status === 'PENDING_APPROVAL' ? expiresAtMs : 0),
  }),
});

/** Writes a new batch, or changes one while it is as it was read, with its events and whatever else must be true. */
export const putBatch =
  (store: ControlStore) =>
  async (
    batch: BatchRecord,
    before: BatchRecord | undefined,
    events: readonly NewDomainEvent[],
    others: readonly TransactItem[] = [],
  ): Promise<'put' | { readonly refusedBy: number }> => {
    const unchanged = before
      ? {
          ConditionExpression: '#status = :status AND revision = :revision',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: { ':status': before.status, ':revision': before.revision },
        }
      : { ConditionExpression: 'attribute_not_exists(pk)' };
    const put: TransactItem = {
      Put: {
        TableName: store.controlTable,
        Item: {
          ...controlKeys.batch(batch.siteId, batch.batchId),
          ...batch,
          order: sealedOnly(batch.order),
          ...indexKeys(batch),
        },
        ...unchanged,
      },
    };
    const committed = await commitWithAudit(store)([put, ...others], events);
    return committed.ok ? 'put' : { refusedBy: committed.conflict - 1 };
  };

type BatchPatch = Partial<Pick<BatchRecord, 'votes' | 'need' | 'approvals' | 'expiresAtMs' | 'endedBecause'>>;

/**
 * Changes a batch's status, or with no `name` only what `patch` says, while its status and revision are as they were read. Its
 * counts go on meanwhile and are never written back.
 */
export const amendBatch =
  (store: ControlStore) =>
  async (
    batch: BatchRecord,
    name: BatchTransition | undefined,
    nowMs: number,
    patch: BatchPatch,
    events: readonly NewDomainEvent[],
  ): Promise<boolean> => {
    const status = name ? batchTransitions[name].to : batch.status;
    const keys = indexKeys({
      siteId: batch.siteId,
      status,
      expiresAtMs: patch.expiresAtMs ?? batch.expiresAtMs,
    });
    const set = { status, updatedAtMs: nowMs, revision: batch.revision + 1, ...patch, ...keys };
    const fields = Object.entries(set).filter(([, value]) => value !== undefined);
    const committed = await commitWithAudit(store)(
      [
        {
          Update: {
            TableName: store.controlTable,
            Key: controlKeys.batch(batch.siteId, batch.batchId),
            UpdateExpression: `SET ${fields.map(([field]) => `#${field} = :${field}`).join(', ')}${'due_pk' in keys ? '' : ' REMOVE due_pk, due_sk'}`,
            ConditionExpression: '#status = :wasStatus AND #revision = :wasRevision',
            ExpressionAttributeNames: Object.fromEntries(fields.map(([field]) => [`#${field}`, field])),
            ExpressionAttributeValues: {
              ':wasStatus': batch.status,
              ':wasRevision': batch.revision,
              ...Object.fromEntries(fields.map(([field, value]) => [`:${field}`, value])),
            },
          },
        },
      ],
      events,
    );
    return committed.ok;
  };

/** One transaction makes so many commands: each is one item and one event beside it. */
export const mostMade = 45;

/** Makes the next commands of a running batch. False when the batch or its count has changed meanwhile; nothing is written then. */
export const makeCommands =
  (store: ControlStore) =>
  async (
    { siteId, batchId, made }: BatchRecord,
    commands: readonly CommandRecord[],
    nowMs: number,
    events: readonly NewDomainEvent[],
  ): Promise<boolean> => {
    const progress: TransactItem = {
      Update: {
        TableName: store.controlTable,
        Key: controlKeys.batch(siteId, batchId),
        UpdateExpression: 'SET made = :next, updatedAtMs = :now ADD #open :count, waiting :count',
        ConditionExpression: '#status = :running AND made = :made',
        ExpressionAttributeNames: { '#status': 'status', '#open': 'open' },
        ExpressionAttributeValues: {
          ':next': made + commands.length,
          ':made': made,
          ':count': commands.length,
          ':now': nowMs,
          ':running': 'RUNNING',
        },
      },
    };
    const items = commands.map((command) => newCommandItem(store, command));
    return (await commitWithAudit(store)([progress, ...items], events)).ok;
  };

export type BatchPage = { readonly batches: readonly BatchRecord[]; readonly nextCursor?: string };

/** A page of a site's batches, newest first, all or those in one status. */
export const listBatches =
  ({ db, controlTable }: ControlReader) =>
  async (siteId: number, limit: number, status?: BatchStatus, after?: string): Promise<BatchPage> => {
    const pk = `SITE#${siteId}`;
    const partition = status ? controlKeys.batchStatus(siteId, status) : pk;
    const { Items, LastEvaluatedKey } = await db.send(
      new QueryCommand({
        TableName: controlTable,
        ...(status && { IndexName: commandsByStatus }),
        KeyConditionExpression: `${status ? 'status_pk' : 'pk'} = :partition AND begins_with(sk, :batch)`,
        ExpressionAttributeValues: { ':partition': partition, ':batch': 'BATCH#' },
        ScanIndexForward: false,
        Limit: limit,
        ...(after !== undefined && {
          ExclusiveStartKey: { pk, sk: `BATCH#${after}`, ...(status && { status_pk: partition }) },
        }),
      }),
    );
    const nextCursor = cursorAfter(LastEvaluatedKey, 'BATCH#');
    return {
      batches: (Items ?? []).map((item) => batchRecord.parse(item)),
      ...(nextCursor && { nextCursor }),
    };
  };

/** Up to `limit` batches that are to be looked after now. */
export const listOpenBatches =
  ({ db, controlTable }: ControlReader) =>
  async (nowMs: number, limit: number): Promise<BatchRecord[]> => {
    const { Items } = await db.send(
      new QueryCommand({
        TableName: controlTable,
        IndexName: commandsByDue,
        KeyConditionExpression: 'due_pk = :batches AND due_sk <= :now',
        ExpressionAttributeValues: { ':batches': openBatches, ':now': controlKeys.due(nowMs) },
        Limit: limit,
      }),
    );
    return (Items ?? []).map((item) => batchRecord.parse(item));
  };
