import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

export type TelemetryStore = { readonly db: DynamoDBDocumentClient; readonly telemetryTable: string };

/** A group of miners of one gateway that always travel together. */
export type Shard = { readonly siteId: number; readonly gatewayId: string; readonly shard: number };

const time = (atMs: number) => String(atMs).padStart(14, '0');
const shardText = ({ siteId, gatewayId, shard }: Shard) => `${siteId}#${gatewayId}#${shard}`;

/** Keys of the telemetry table. */
export const telemetryKeys = {
  sites: { pk: 'SITES' },
  site: (siteId: number) => ({ pk: 'SITES', sk: String(siteId) }),
  liveOfSite: (siteId: number) => `LIVE#${siteId}`,
  live: ({ siteId, gatewayId, shard }: Shard) => ({
    pk: `LIVE#${siteId}`,
    sk: `${gatewayId}#${String(shard).padStart(6, '0')}`,
  }),
  /** One batch is one receipt: what came of it, so that a second delivery can be finished and has no second effect. */
  receipt: ({ siteId, gatewayId }: Shard, name: string) => ({
    pk: `RECEIPT#${siteId}#${gatewayId}`,
    sk: name,
  }),
  rawOfShard: (shard: Shard) => `RAW#${shardText(shard)}`,
  raw: (shard: Shard, windowStartMs: number, name: string) => ({
    pk: `RAW#${shardText(shard)}`,
    sk: `${time(windowStartMs)}#${name}`,
  }),
  rawFrom: time,
  historyOfShard: (shard: Shard) => `HISTORY#${shardText(shard)}`,
  history: (shard: Shard, windowStartMs: number) => ({
    pk: `HISTORY#${shardText(shard)}`,
    sk: time(windowStartMs),
  }),
  dailyOfShard: (shard: Shard) => `DAILY#${shardText(shard)}`,
  daily: (shard: Shard, dayStartMs: number) => ({ pk: `DAILY#${shardText(shard)}`, sk: time(dayStartMs) }),
  quarantineOfSite: (siteId: number) => `QUARANTINE#${siteId}`,
  quarantine: (siteId: number, receivedAtMs: number, id: string) => ({
    pk: `QUARANTINE#${siteId}`,
    sk: `${time(receivedAtMs)}#${id}`,
  }),
};
