import { setTimeout as delay } from 'node:timers/promises';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type DomainEvent, domainEvent, type NewDomainEvent } from '../../contracts/domain-event.ts';
import { type EventPayload, type EventType, eventPayloads } from '../../contracts/event-catalogue.ts';
import { type Clock, systemClock, toUtc } from '../shared/clock.ts';
import { newEventId } from '../shared/ids.ts';
import { type ChainLink, genesisHash, link } from './audit-chain.ts';

export type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];
/** `conflict` names the item of `items` whose condition failed; nothing was written then. */
export type CommitResult =
  | { readonly ok: true; readonly events: readonly DomainEvent[] }
  | { readonly ok: false; readonly conflict: number; readonly current: Record<string, unknown> | undefined };

export type AuditStore = {
  readonly db: DynamoDBDocumentClient;
  readonly auditTable: string;
  readonly clock?: Clock;
};

/** Keys of the audit table: a site's head and its links share a partition, so one order per site. */
export const auditKeys = {
  head: (siteId: number) => ({ pk: `SITE#${siteId}`, sk: 'HEAD' }),
  link: (siteId: number, seq: number) => ({
    pk: `SITE#${siteId}`,
    sk: `LINK#${String(seq).padStart(12, '0')}`,
  }),
};

const storedHead = z.object({ seq: z.int().nonnegative(), event_hash: z.string() });
const attempts = 40;

/** The typed way to state a domain event: its payload is checked against the catalogue. */
export const stateEvent = <T extends EventType>(
  event: Omit<NewDomainEvent, 'type' | 'payload'> & { readonly type: T; readonly payload: EventPayload<T> },
): NewDomainEvent => ({
  ...event,
  payload: z.record(z.string(), z.json()).parse(eventPayloads[event.type].parse(event.payload)),
});

/**
 * Writes `items` (of any context's table) and appends `events` to their site's audit chain in one DynamoDB transaction:
 * either both happen or neither. All events must be of one site. Retries while other writers move the chain's head;
 * throws after 40 such losses. A failed condition in `items` is returned, not thrown, with the item's current
 * attributes where the item asked for ALL_OLD. At most 90 items and 9 events.
 *
 * The audit table's stream publishes the events on the bus, so a committed change is always announced.
 */
export const commitWithAudit =
  ({ db, auditTable, clock = systemClock }: AuditStore) =>
  async (items: readonly TransactItem[], events: readonly NewDomainEvent[]): Promise<CommitResult> => {
    const { site_id: siteId, tenant_id: tenantId } = events[0] ?? {};
    if (siteId === undefined || events.some((one) => one.site_id !== siteId || one.tenant_id !== tenantId))
      throw new RangeError('a commit records events of exactly one site');
    const createdAt = toUtc(clock.nowMs());
    const full = events.map((event) =>
      domainEvent.parse({ ...event, version: 1, event_id: newEventId(), created_at: createdAt }),
    );
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const head = await readHead(db, auditTable, siteId);
      try {
        await db.send(
          new TransactWriteCommand({
            TransactItems: [...items, ...appendItems(auditTable, siteId, head, full)],
          }),
        );
        return { ok: true, events: full };
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw error;
        const reasons = error.CancellationReasons ?? [];
        const own = reasons.findIndex(
          (reason, index) => index < items.length && reason.Code === 'ConditionalCheckFailed',
        );
        if (own >= 0) {
          const { unmarshall } = await import('@aws-sdk/util-dynamodb');
          const current = reasons[own]?.Item;
          return { ok: false, conflict: own, current: current && unmarshall(current) };
        }
        if (
          !reasons.some((reason) =>
            ['ConditionalCheckFailed', 'TransactionConflict'].includes(reason.Code ?? ''),
          )
        )
          throw error;
      }
      await delay(Math.random() * Math.min(200, 5 * 2 ** Math.min(attempt, 6)));
    }
    throw new Error(`The audit chain of site ${siteId} stayed contended over ${attempts} attempts`);
  };

const readHead = async (db: DynamoDBDocumentClient, table: string, siteId: number) => {
  const { Item } = await db.send(
    new GetCommand({ TableName: table, Key: auditKeys.head(siteId), ConsistentRead: true }),
  );
  return Item ? storedHead.parse(Item) : { seq: 0, event_hash: genesisHash };
};

const appendItems = (
  table: string,
  siteId: number,
  head: Pick<ChainLink, 'seq' | 'event_hash'>,
  events: readonly DomainEvent[],
): TransactItem[] => {
  const links = link(head, events);
  const last = links.at(-1) ?? head;
  const newHead: TransactItem = {
    Put: {
      TableName: table,
      Item: {
        ...auditKeys.head(siteId),
        seq: last.seq,
        event_hash: last.event_hash,
        tenant_id: events[0]?.tenant_id,
      },
      ...(head.seq === 0
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: 'seq = :seq AND event_hash = :hash',
            ExpressionAttributeValues: { ':seq': head.seq, ':hash': head.event_hash },
          }),
    },
  };
  const puts = links.map(
    (one): TransactItem => ({
      Put: {
        TableName: table,
        Item: { ...auditKeys.link(siteId, one.seq), ...one },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    }),
  );
  return [newHead, ...puts];
};
