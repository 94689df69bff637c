import { GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type FleetStore, fleetKeys, type StoredMiner, toStoredMiner } from './fleet-keys.ts';

/** A site's miners by id, as they were when so many changes had been made; they may be newer, never older. */
export type Registry = { readonly changes: number; readonly miners: ReadonlyMap<string, StoredMiner> };

const counted = z.object({ version: z.int().positive() });
const mostSites = 20;
/** What this process has read: by table and site. */
const known = new WeakMap<object, Map<string, Registry>>();

/** Every miner of a site, retired ones too. Read again only where one has changed since. */
export const readRegistry =
  ({ db, fleetTable }: FleetStore) =>
  async (siteId: number): Promise<Registry> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: fleetTable, Key: fleetKeys.registry(siteId), ConsistentRead: true }),
    );
    const changes = Item ? counted.parse(Item).version : 0;
    const sites = known.get(db) ?? new Map<string, Registry>();
    known.set(db, sites);
    const name = `${fleetTable}/${siteId}`;
    const kept = sites.get(name);
    if (kept && changes > 0 && kept.changes === changes) return kept;
    const miners = new Map<string, StoredMiner>();
    const pages = paginateQuery(
      { client: db },
      {
        TableName: fleetTable,
        KeyConditionExpression: 'pk = :site AND begins_with(sk, :miner)',
        ExpressionAttributeValues: { ':site': fleetKeys.registry(siteId).pk, ':miner': 'MINER#' },
        ConsistentRead: true,
      },
    );
    for await (const { Items } of pages)
      for (const item of Items ?? []) {
        const miner = toStoredMiner(item);
        miners.set(miner.miner_id, miner);
      }
    const registry = { changes, miners };
    sites.delete(name);
    sites.set(name, registry);
    for (const oldest of sites.keys()) {
      if (sites.size <= mostSites) break;
      sites.delete(oldest);
    }
    return registry;
  };
