import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DomainEvent, NewDomainEvent } from '../../contracts/domain-event.ts';
import { commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import { type Endpoint, endpoint, mostEndpoints } from './endpoint.ts';
import { type WebhookReader, type WebhookStore, webhookKeys } from './webhook-keys.ts';

export const readEndpoint =
  ({ db, webhooksTable }: WebhookReader) =>
  async (siteId: number, webhookId: string): Promise<Endpoint | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: webhooksTable,
        Key: webhookKeys.endpoint(siteId, webhookId),
        ConsistentRead: true,
      }),
    );
    return Item && endpoint.parse(Item);
  };

/** A site's endpoints, in the order of their ids. */
export const listEndpoints =
  ({ db, webhooksTable }: WebhookReader) =>
  async (siteId: number): Promise<Endpoint[]> => {
    const found: Endpoint[] = [];
    const pages = paginateQuery(
      { client: db },
      {
        TableName: webhooksTable,
        KeyConditionExpression: 'pk = :site AND begins_with(sk, :endpoint)',
        ExpressionAttributeValues: { ':site': `SITE#${siteId}`, ':endpoint': 'ENDPOINT#' },
        ConsistentRead: true,
      },
    );
    for await (const { Items } of pages) for (const item of Items ?? []) found.push(endpoint.parse(item));
    return found;
  };

const countItem = (TableName: string, siteId: number, change: 1 | -1): TransactItem => ({
  Update: {
    TableName,
    Key: webhookKeys.count(siteId),
    UpdateExpression: 'ADD endpoint_count :change',
    ExpressionAttributeValues: { ':change': change, ...(change === 1 && { ':most': mostEndpoints }) },
    ...(change === 1 && {
      ConditionExpression: 'attribute_not_exists(pk) OR endpoint_count < :most',
    }),
  },
});

/** Writes a new endpoint. False where the site has as many as it may; nothing is written then. */
export const insertEndpoint =
  (store: WebhookStore) =>
  async (one: Endpoint, event: NewDomainEvent): Promise<boolean> => {
    const { webhooksTable: TableName } = store;
    const committed = await commitWithAudit(store)(
      [
        countItem(TableName, one.siteId, 1),
        {
          Put: {
            TableName,
            Item: { ...webhookKeys.endpoint(one.siteId, one.webhookId), ...one },
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
      ],
      [event],
    );
    return committed.ok;
  };

/** Replaces an endpoint by its next version. False where it has changed meanwhile, or is gone. */
export const replaceEndpoint =
  (store: WebhookStore) =>
  async (next: Endpoint, events: readonly NewDomainEvent[]): Promise<boolean> => {
    const committed = await commitWithAudit(store)(
      [
        {
          Put: {
            TableName: store.webhooksTable,
            Item: { ...webhookKeys.endpoint(next.siteId, next.webhookId), ...next },
            ConditionExpression: 'version = :before',
            ExpressionAttributeValues: { ':before': next.version - 1 },
          },
        },
      ],
      events,
    );
    return committed.ok;
  };

/** Removes an endpoint and frees its place. False where it has changed meanwhile, or is gone. */
export const removeEndpoint =
  (store: WebhookStore) =>
  async ({ siteId, webhookId, version }: Endpoint, event: NewDomainEvent): Promise<boolean> => {
    const { webhooksTable: TableName } = store;
    const committed = await commitWithAudit(store)(
      [
        {
          Delete: {
            TableName,
            Key: webhookKeys.endpoint(siteId, webhookId),
            ConditionExpression: 'version = :version',
            ExpressionAttributeValues: { ':version': version },
          },
        },
        countItem(TableName, siteId, -1),
      ],
      [event],
    );
    return committed.ok;
  };

/** Records what a person asked of an endpoint that does not change it, and answers with the event as recorded. */
export const noteRequest =
  (store: WebhookStore) =>
  async (items: readonly TransactItem[], event: NewDomainEvent): Promise<DomainEvent> => {
    const committed = await commitWithAudit(store)(items, [event]);
    const noted = committed.ok ? committed.events[0] : undefined;
    if (!noted) throw new Error(`${event.type} was refused by the table`);
    return noted;
  };

/** Notes since when nothing succeeds, or that something did. It is no change of the endpoint's own version. */
export const noteHealth =
  ({ db, webhooksTable }: WebhookReader) =>
  async ({ siteId, webhookId }: Endpoint, failingSinceMs: number | undefined): Promise<void> => {
    const isFailing = failingSinceMs !== undefined;
    try {
      await db.send(
        new UpdateCommand({
          TableName: webhooksTable,
          Key: webhookKeys.endpoint(siteId, webhookId),
          UpdateExpression: isFailing
            ? 'SET failingSinceMs = if_not_exists(failingSinceMs, :since)'
            : 'REMOVE failingSinceMs',
          ConditionExpression: 'attribute_exists(pk)',
          ...(isFailing && { ExpressionAttributeValues: { ':since': failingSinceMs } }),
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  };
