import type { RegisteredMiner } from '../fleet/fleet-directory.ts';
import type { Clock } from '../shared/clock.ts';
import type { FactsOf } from './apply-columns.ts';

export type RegistryPort = {
  readonly readMinersOfGateway: (gatewayId: string) => Promise<readonly RegisteredMiner[]>;
  readonly readMiner: (siteId: number, minerId: string) => Promise<RegisteredMiner | undefined>;
  readonly readGatewayOwner: (siteId: number, gatewayId: string) => Promise<{ tenantId: string } | undefined>;
};

/** Thousands of miners of a gateway are read anew only so often: each time costs more than the batches between. */
const factsFreshMs = 5 * 60_000;
const ownerFreshMs = 60_000;
/** A miner that the registry did not have is asked for again no sooner than this. */
const askAgainMs = 5_000;

/**
 * The registry as ingest sees it, without facts of retired miners, which raise no alarm so: kept for five minutes, read again early where a
 * batch brings a miner that is not in it; whose a gateway is, for a minute.
 */
export const gatewayRegistry = (
  { readMinersOfGateway, readMiner, readGatewayOwner }: RegistryPort,
  clock: Clock,
) => {
  const facts = new Map<
    string,
    {
      readonly readMs: number;
      readonly miners: ReadonlyMap<string, RegisteredMiner>;
      readonly factsOf: FactsOf;
    }
  >();
  const homes = new Map<string, { readonly readMs: number; readonly gatewayId: string | undefined }>();
  const owners = new Map<string, { readonly readMs: number; readonly owner: { tenantId: string } }>();
  return {
    readFacts: async (gatewayId: string, ids: readonly string[]): Promise<FactsOf> => {
      const now = clock.nowMs();
      let known = facts.get(gatewayId);
      const age = now - (known?.readMs ?? Number.NEGATIVE_INFINITY);
      if (!known || age >= factsFreshMs || (age >= askAgainMs && ids.some((id) => !known?.miners.has(id)))) {
        const miners = await readMinersOfGateway(gatewayId);
        const byId = new Map(miners.map((miner) => [miner.minerId, miner]));
        known = {
          readMs: now,
          miners: byId,
          factsOf: (minerId) => {
            const miner = byId.get(minerId);
            return miner?.retired ? undefined : miner;
          },
        };
        facts.set(gatewayId, known);
      }
      return known.factsOf;
    },
    readForeign: async (siteId: number, gatewayId: string, ids: readonly string[]) => {
      const now = clock.nowMs();
      const found = await Promise.all(
        ids.map(async (id) => {
          const key = `${siteId}/${id}`;
          const known = homes.get(key);
          if (known && now - known.readMs < askAgainMs) return known.gatewayId;
          const home = (await readMiner(siteId, id))?.gatewayId;
          homes.set(key, { readMs: now, gatewayId: home });
          return home;
        }),
      );
      return new Set(ids.filter((_, index) => found[index] !== undefined && found[index] !== gatewayId));
    },
    readOwner: async (siteId: number, gatewayId: string) => {
      const key = `${siteId}/${gatewayId}`;
      const known = owners.get(key);
      if (known && clock.nowMs() - known.readMs < ownerFreshMs) return known.owner;
      const owner = await readGatewayOwner(siteId, gatewayId);
      if (owner) owners.set(key, { readMs: clock.nowMs(), owner });
      return owner;
    },
  };
};
