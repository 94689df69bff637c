import { readGatewayOwner, readMiner, readMinersOfGateway } from '../fleet/fleet-directory.ts';
import type { FleetStore } from '../fleet/fleet-keys.ts';
import { systemClock } from '../shared/clock.ts';
import { readFound } from './found-repository.ts';
import { gatewayRegistry } from './gateway-registry.ts';
import type { IngestDeps } from './ingest-batch.ts';
import { type LiveStore, noteAsked, readShard, writeBatch } from './live-repository.ts';
import { shardCache } from './shard-cache.ts';

/** What ingest reads and writes, over a function's stores; whom it tells is the function's own. */
export const ingestStores = (
  store: LiveStore & FleetStore,
): Omit<IngestDeps, 'publish' | 'requestRollUp' | 'setAside'> => ({
  ...gatewayRegistry(
    {
      readMinersOfGateway: readMinersOfGateway(store),
      readMiner: readMiner(store),
      readGatewayOwner: readGatewayOwner(store),
    },
    systemClock,
  ),
  ...shardCache(readShard(store)),
  writeBatch: writeBatch(store),
  readFound: readFound(store),
  noteAsked: noteAsked(store),
});
