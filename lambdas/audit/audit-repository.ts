import { GetCommand, paginateQuery, paginateScan, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { domainEvent } from '../../contracts/domain-event.ts';
import { cursorAfter } from '../shared/cursor.ts';
import { type ChainHead, type ChainLink, emptyHead } from './audit-chain.ts';
import { type AuditStore, auditKeys } from './commit-with-audit.ts';

type Store = Pick<AuditStore, 'db' | 'auditTable'>;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const storedHead = z.object({
  seq: z.int().nonnegative(),
  event_hash: hash,
  tenant_id: z.string().optional(),
});
const storedLink = z.strictObject({
  pk: z.string(),
  sk: z.string().startsWith('LINK#'),
  seq: z.int().positive(),
  event: domainEvent,
  prev_hash: hash,
  event_hash: hash,
});

/** A stored item as a link; undefined where it is not one (or not any more). */
export const toLink = (item: unknown): ChainLink | undefined => {
  const parsed = storedLink.safeParse(item);
  if (!parsed.success) return undefined;
  const { seq, event, prev_hash, event_hash } = parsed.data;
  return { seq, event, prev_hash, event_hash };
};

/** `tenant_id` is absent where the site has no chain. */
export type RecordedHead = ChainHead & { readonly tenant_id?: string | undefined };

/** Where the site's chain ends and whose it is, as its last writer recorded it. */
export const readHead =
  ({ db, auditTable }: Store) =>
  async (siteId: number): Promise<RecordedHead> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: auditTable, Key: auditKeys.head(siteId), ConsistentRead: true }),
    );
    return Item ? storedHead.parse(Item) : emptyHead;
  };

/** The site's links from the first up to `lastSeq`, page by page; undefined for an item that is not a link. */
export const walkLinks = ({ db, auditTable }: Store) =>
  async function* (siteId: number, lastSeq: number): AsyncGenerator<ChainLink | undefined> {
    const pages = paginateQuery(
      { client: db },
      {
        TableName: auditTable,
        KeyConditionExpression: 'pk = :site AND sk BETWEEN :first AND :last',
        ExpressionAttributeValues: {
          ':site': auditKeys.head(siteId).pk,
          ':first': auditKeys.link(siteId, 1).sk,
          ':last': auditKeys.link(siteId, lastSeq).sk,
        },
        ConsistentRead: true,
      },
    );
    for await (const { Items } of pages) for (const item of Items ?? []) yield toLink(item);
  };

export type LinkPage = { readonly links: readonly ChainLink[]; readonly nextCursor?: string };

/**
 * A page of the site's links, newest first, from the one before the link numbered `after` (12 digits). An entry that is
 * not a link is left out of the page (verification names it).
 */
export const listLinks =
  ({ db, auditTable }: Store) =>
  async (siteId: number, limit: number, after?: string): Promise<LinkPage> => {
    const { pk } = auditKeys.head(siteId);
    const { Items, LastEvaluatedKey } = await db.send(
      new QueryCommand({
        TableName: auditTable,
        KeyConditionExpression: 'pk = :site AND begins_with(sk, :link)',
        ExpressionAttributeValues: { ':site': pk, ':link': 'LINK#' },
        ScanIndexForward: false,
        Limit: limit,
        ...(after !== undefined && { ExclusiveStartKey: { pk, sk: `LINK#${after}` } }),
      }),
    );
    const links = (Items ?? []).map(toLink).filter((one) => one !== undefined);
    const nextCursor = cursorAfter(LastEvaluatedKey, 'LINK#');
    return { links, ...(nextCursor && { nextCursor }) };
  };

/** Every site that has a chain. Reads the whole table: for the verifier at the command line, not for requests. */
export const listSites =
  ({ db, auditTable }: Store) =>
  async (): Promise<number[]> => {
    const sites = new Set<number>();
    const pages = paginateScan(
      { client: db },
      { TableName: auditTable, ProjectionExpression: 'pk', ConsistentRead: true },
    );
    for await (const { Items } of pages)
      for (const { pk } of Items ?? []) {
        const [, siteId] = /^SITE#([1-9][0-9]*)$/.exec(String(pk)) ?? [];
        if (siteId) sites.add(Number(siteId));
      }
    return [...sites].toSorted((a, b) => a - b);
  };
