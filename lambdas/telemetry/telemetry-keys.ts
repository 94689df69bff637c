import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { windowMs } from './windows.ts';

export type TelemetryStore = { readonly db: DynamoDBDocumentClient; readonly telemetryTable: string };

/** A group of miners of one gateway that always travel together. */
export type Shard = { readonly siteId: number; readonly gatewayId: string; readonly shard: number };

const time = (atMs: number) => String(atMs).padStart(14, '0');
const ordinal = (value: number) => String(value).padStart(16, '0');
const shardText = ({ siteId, gatewayId, shard }: Shard) => `${siteId}#${gatewayId}#${shard}`;

/** Keys of the telemetry table. */
export const telemetryKeys = {
  /**
   * Batches that no block holds yet, by the window of their first row, then by sequence. The roll-up deletes an item once its rows are in the
   * blocks: from then on the shard's head alone knows that the batch has come (and merging it again would change nothing).
   */
  batchesOfShard: (shard: Shard) => `BATCH#${shardText(shard)}`,
  batch: (shard: Shard, firstMs: number, sequence: number) => ({
    pk: `BATCH#${shardText(shard)}`,
    sk: `${time(firstMs - (firstMs % windowMs))}#${ordinal(sequence)}`,
  }),
  /** A shard's blocks of one level (levels.ts) by the start of their span. */
  blocksOfShard: (shard: Shard, level: string) => `BLOCK#${shardText(shard)}#${level}`,
  block: (shard: Shard, level: string, startMs: number) => ({
    pk: `BLOCK#${shardText(shard)}#${level}`,
    sk: time(startMs),
  }),
  /** A site's sums of one level by the start of their span; of five minutes one per shard. */
  groupsOfSite: (siteId: number, level: string) => `GROUPS#${siteId}#${level}`,
  groups: (siteId: number, level: string, startMs: number, shard?: Shard) => ({
    pk: `GROUPS#${siteId}#${level}`,
    sk: `${time(startMs)}${shard ? `#${shard.gatewayId}#${ordinal(shard.shard)}` : ''}`,
  }),
  /** A shard's days by month, `2026-11`. */
  monthsOfShard: (shard: Shard) => `MONTH#${shardText(shard)}`,
  month: (shard: Shard, month: string) => ({ pk: `MONTH#${shardText(shard)}`, sk: month }),
  /** Which shards hold something of a miner; which shards a site has, with the miners that are known of them. */
  shardsOfMiner: (siteId: number, minerId: string) => `MINER#${siteId}#${minerId}`,
  shardOfMiner: (shard: Shard, minerId: string) => ({
    pk: `MINER#${shard.siteId}#${minerId}`,
    sk: `${shard.gatewayId}#${ordinal(shard.shard)}`,
  }),
  rostersOfSite: (siteId: number) => `ROSTER#${siteId}`,
  roster: ({ siteId, gatewayId, shard }: Shard) => ({
    pk: `ROSTER#${siteId}`,
    sk: `${gatewayId}#${ordinal(shard)}`,
  }),
  from: time,
  sites: { pk: 'SITES' },
  site: (siteId: number) => ({ pk: 'SITES', sk: String(siteId) }),
  liveOfSite: (siteId: number) => `LIVE#${siteId}`,
  live: ({ siteId, gatewayId, shard }: Shard) => ({
    pk: `LIVE#${siteId}`,
    sk: `${gatewayId}#${String(shard).padStart(6, '0')}`,
  }),
  /** What was found in a batch, if anything was. */
  found: ({ siteId, gatewayId, shard }: Shard, sequence: number) => ({
    pk: `FOUND#${siteId}#${gatewayId}#${shard}`,
    sk: ordinal(sequence),
  }),
  /** The receipt that a gateway was sent last. */
  receiptsOfSite: (siteId: number) => `RECEIPT#${siteId}`,
  receipt: (siteId: number, gatewayId: string) => ({ pk: `RECEIPT#${siteId}`, sk: gatewayId }),
  /** Batches that are lost for good. */
  lossesOfSite: (siteId: number) => `LOSS#${siteId}`,
  loss: ({ siteId, gatewayId, shard }: Shard, after: number) => ({
    pk: `LOSS#${siteId}`,
    sk: `${gatewayId}#${ordinal(shard)}#${ordinal(after)}`,
  }),
  exportsOfSite: (siteId: number) => `EXPORT#${siteId}`,
  export: (siteId: number, requestedAtMs: number, id: string) => ({
    pk: `EXPORT#${siteId}`,
    sk: `${time(requestedAtMs)}#${id}`,
  }),
  quarantineOfSite: (siteId: number) => `QUARANTINE#${siteId}`,
  quarantine: (siteId: number, receivedAtMs: number, id: string) => ({
    pk: `QUARANTINE#${siteId}`,
    sk: `${time(receivedAtMs)}#${id}`,
  }),
};
