import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type AnomaliesDetected, anomaliesDetected } from '../../contracts/alert.ts';
import { ttlSeconds } from '../shared/clock.ts';
import { type BlockStore, storedBytes } from './block-store.ts';
import { pack, unpack } from './pack.ts';
import { type Shard, type TelemetryStore, telemetryKeys } from './telemetry-keys.ts';
import { keptMs } from './windows.ts';

type Store = TelemetryStore & { readonly blocks: BlockStore };

/**
 * The item of what the detectors found in a batch: kept so that a second delivery after a crash announces the same.
 * A batch in which nothing was found has none.
 */
export const packFound = async ({ blocks }: Store, shard: Shard, found: AnomaliesDetected) => ({
  ...telemetryKeys.found(shard, found.sequence),
  content: await blocks.put('batch', `found/${shard.siteId}/${shard.gatewayId}`, pack(found)),
  ttl: ttlSeconds(found.receivedAtMs + 2 * keptMs.raw),
});

export const readFound =
  ({ db, telemetryTable, blocks }: Store) =>
  async (shard: Shard, sequence: number): Promise<AnomaliesDetected | undefined> => {
    const Key = telemetryKeys.found(shard, sequence);
    const { Item } = await db.send(new GetCommand({ TableName: telemetryTable, Key, ConsistentRead: true }));
    if (!Item) return undefined;
    return unpack(
      anomaliesDetected,
      await blocks.get(z.object({ content: storedBytes }).parse(Item).content),
    );
  };
