import { setTimeout as delay } from 'node:timers/promises';
import { type AttributeValue, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { type DomainEvent, domainEvent, type NewDomainEvent } from '../../contracts/domain-event.ts';
import { type EventPayload, type EventType, eventPayloads } from '../../contracts/event-catalogue.ts';
import { actingKey } from '../shared/acting-key.ts';
import { type Clock, systemClock, toUtc } from '../shared/clock.ts';
import { newEventId } from '../shared/ids.ts';
import { type ChainHead, type ChainLink, emptyHead, link } from './audit-chain.ts';

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
/** Waits grow from about the time of one try to that of so many, one for each of the writers that there may be. */
const mostWriters = 64;
const longestWaitMs = 2_500;

const anyPayload = z.record(z.string(), z.json());
/** The typed way to state a domain event: its payload is checked against the catalogue. */
export const stateEvent = <T extends EventType>(
  event: Omit<NewDomainEvent, 'type' | 'payload'> & { readonly type: T; readonly payload: EventPayload<T> },
): NewDomainEvent => ({
  ...event,
  payload: anyPayload.parse(eventPayloads[event.type].parse(event.payload)),
});

/**
 * Writes `items` (of any context's table) and appends `events` to their site's audit chain in one DynamoDB transaction:
 * either both happen or neither. All events must be of one site. Commits of one process to one site go one after the
 * other; against other processes it tries again from the head that it then finds, and throws after 40 such losses. A failed
 * condition in `items` is returned, not thrown, with the item's current attributes where the item asked for ALL_OLD.
 * A transaction takes 100 items: `items`, one for each event, and the head. What an API key asked for has its id in the payload (`api_key_id`).
 *
 * The audit table's stream publishes the events on the bus, so a committed change is always announced.
 */
export const commitWithAudit = ({ db, auditTable, clock = systemClock }: AuditStore) => {
  const { inTurn, seenHeads } = writerOf(db, auditTable);

  const append = async (siteId: number, items: readonly TransactItem[], events: readonly DomainEvent[]) => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const head = seenHeads.get(siteId) ?? (await readHead(db, auditTable, siteId));
      const links = link(head, events);
      const appended = appendItems(auditTable, siteId, head, links);
      const triedAtMs = performance.now();
      try {
        await db.send(new TransactWriteCommand({ TransactItems: [...items, ...appended] }));
        seenHeads.set(siteId, links.at(-1) ?? head);
        return undefined;
      } catch (error) {
        seenHeads.delete(siteId);
        if (!(error instanceof TransactionCanceledException)) throw error;
        const reasons = error.CancellationReasons ?? [];
        const own = reasons.findIndex(
          (reason, index) => index < items.length && reason.Code === 'ConditionalCheckFailed',
        );
        if (own >= 0) return { conflict: own, current: plainItem(reasons[own]?.Item) };
        if (!reasons.some(({ Code }) => Code !== undefined && contention.has(Code))) throw error;
      }
      // The head is read again after the wait: whichever it is now, others will have moved it by then.
      const triedMs = performance.now() - triedAtMs;
      await delay(Math.random() * Math.min(longestWaitMs, triedMs * Math.min(mostWriters, 2 ** attempt)));
    }
    throw new Error(`The audit chain of site ${siteId} stayed contended over ${attempts} attempts`);
  };

  return async (items: readonly TransactItem[], events: readonly NewDomainEvent[]): Promise<CommitResult> => {
    const { site_id: siteId, tenant_id: tenantId } = events[0] ?? {};
    if (siteId === undefined || events.some((one) => one.site_id !== siteId || one.tenant_id !== tenantId))
      throw new RangeError('a commit records events of exactly one site');
    const keyId = actingKey();
    return inTurn(siteId, async () => {
      const createdAt = toUtc(clock.nowMs());
      const full = events.map((event) =>
        domainEvent.parse({
          ...event,
          ...(keyId !== undefined && { payload: { ...event.payload, api_key_id: keyId } }),
          version: 1,
          event_id: newEventId(),
          created_at: createdAt,
        }),
      );
      const refused = await append(siteId, items, full);
      return refused ? { ok: false, ...refused } : { ok: true, events: full };
    });
  };
};

const contention: ReadonlySet<string> = new Set(['ConditionalCheckFailed', 'TransactionConflict']);

const plainItem = (item: Record<string, AttributeValue> | undefined) => item && unmarshall(item);

type Writer = {
  readonly inTurn: ReturnType<typeof oneAtATime>;
  /** The head of a site after this process's last commit: most often still the head. */
  readonly seenHeads: Map<number, ChainHead>;
};
const writers = new WeakMap<DynamoDBDocumentClient, Map<string, Writer>>();

/** What all commits through one client to one audit table share. */
const writerOf = (db: DynamoDBDocumentClient, auditTable: string): Writer => {
  const ofClient = writers.get(db) ?? new Map<string, Writer>();
  writers.set(db, ofClient);
  const writer = ofClient.get(auditTable) ?? { inTurn: oneAtATime(), seenHeads: new Map() };
  ofClient.set(auditTable, writer);
  return writer;
};

/** Runs work of one key in the order of its calls, each after the one before has settled. */
const oneAtATime = () => {
  const last = new Map<number, Promise<unknown>>();
  return async <T>(key: number, work: () => Promise<T>): Promise<T> => {
    const mine = (last.get(key) ?? Promise.resolve()).then(work, work);
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
};

const readHead = async (db: DynamoDBDocumentClient, table: string, siteId: number) => {
  const { Item } = await db.send(
    new GetCommand({ TableName: table, Key: auditKeys.head(siteId), ConsistentRead: true }),
  );
  return Item ? storedHead.parse(Item) : emptyHead;
};

const appendItems = (
  table: string,
  siteId: number,
  head: ChainHead,
  links: readonly ChainLink[],
): TransactItem[] => {
  const last = links.at(-1) ?? head;
  const newHead: TransactItem = {
    Put: {
      TableName: table,
      Item: {
        ...auditKeys.head(siteId),
        seq: last.seq,
        event_hash: last.event_hash,
        tenant_id: links[0]?.event.tenant_id,
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
