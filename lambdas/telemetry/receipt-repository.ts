import { PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochMs } from '../../contracts/identifiers.ts';
import type { SentReceipt } from './gateway-receipts.ts';
import { type TelemetryStore, telemetryKeys } from './telemetry-keys.ts';

const receiptItem = z.object({ sk: z.string(), digest: z.string(), sent_ms: epochMs });

/** By gateway, what the gateways of a site were sent last. */
export const readSent =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (siteId: number): Promise<ReadonlyMap<string, SentReceipt>> => {
    const sent = new Map<string, SentReceipt>();
    const pages = paginateQuery(
      { client: db },
      {
        TableName: telemetryTable,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': telemetryKeys.receiptsOfSite(siteId) },
      },
    );
    for await (const { Items } of pages)
      for (const item of Items ?? []) {
        const { sk, digest, sent_ms } = receiptItem.parse(item);
        sent.set(sk, { digest, sentMs: sent_ms });
      }
    return sent;
  };

export const noteSent =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (siteId: number, gatewayId: string, { digest, sentMs }: SentReceipt): Promise<void> => {
    const Item = { ...telemetryKeys.receipt(siteId, gatewayId), digest, sent_ms: sentMs };
    await db.send(new PutCommand({ TableName: telemetryTable, Item }));
  };
