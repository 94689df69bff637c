import type { ConfiguredMiner, DiscoveryConfig } from '../config.ts';
import type { Log } from '../log.ts';
import type { Miners } from '../miners.ts';
import type { Reports } from '../reports.ts';
import type { Clock } from '../state/pace.ts';
import { type AddressSet, addressSet } from './address-ranges.ts';
import { adopt } from './adopt.ts';
import { discoverSite } from './discover-site.ts';
import { usualIdPattern } from './name-miners.ts';
import type { ProbePorts } from './probe-address.ts';
import type { Recogniser } from './recogniser.ts';
import { inventoryEvents } from './report-changes.ts';
import type { ScanLimits } from './scan.ts';

type Deps = {
  readonly config: DiscoveryConfig;
  readonly inventory: readonly ConfiguredMiner[];
  readonly miners: Miners;
  readonly recognised: Recogniser;
  readonly reports: Pick<Reports, 'safety'>;
  readonly log: Log;
  /** Never goes back. */
  readonly clock: Clock;
  readonly stopping: AbortSignal;
  /** Called with the inventory in which found miners have their new addresses. */
  readonly onInventory: (miners: readonly ConfiguredMiner[]) => Promise<void>;
  readonly ports?: ProbePorts;
  readonly limits?: Partial<ScanLimits>;
};

/** So many asks in a row that failed make a miner worth a search. */
const patience = 3;
/** A search that finds nobody makes the next one wait twice as long, up to this many times the interval. */
const mostWait = 8;

const leavingOut = (addresses: AddressSet, hosts: ReadonlySet<string>): AddressSet => ({
  count: addresses.count - [...hosts].filter(addresses.has).length,
  has: (host) => addresses.has(host) && !hosts.has(host),
  *all() {
    for (const host of addresses.all()) if (!hosts.has(host)) yield host;
  },
});

/**
 * Looks for miners that do not answer, or at whose address another machine does, by their MAC and serial number within the configured ranges:
 * one search at a time, at a gentle rate, and not at the addresses of miners that answer. Searches only while somebody is missing who can be
 * known again.
 */
export const missingFinder = (deps: Deps) => {
  const { config, inventory, miners, recognised, reports, log, clock, stopping, onInventory } = deps;
  const ranges = addressSet(config.ranges, config.exclude);

  const isMissing = (minerId: string) => {
    const miner = miners.get(minerId);
    return miner !== undefined && (miner.failures >= patience || recognised.strangers().has(minerId));
  };
  const missing = () =>
    inventory.filter(({ minerId, mac }) => {
      const { macAddress, serialNumber } = recognised.remembered().get(minerId) ?? {};
      return (macAddress ?? serialNumber ?? mac) !== undefined && isMissing(minerId);
    });

  /** One search. Resolves with how many were found. */
  const search = async (): Promise<number> => {
    const wanted = missing();
    if (wanted.length === 0) return 0;
    const present = new Set(inventory.filter(({ minerId }) => !isMissing(minerId)).map(({ host }) => host));
    const { scanned, report } = await discoverSite({
      addresses: leavingOut(ranges, present),
      miners: wanted,
      remembered: recognised.remembered(),
      signal: stopping,
      limits: { atOnce: config.perS, perS: config.perS, ...deps.limits },
      ...(deps.ports && { ports: deps.ports }),
    });
    const ids = new Set(wanted.map(({ minerId }) => minerId));
    const isWanted = ({ known }: { readonly known: { readonly minerId: string } }) => ids.has(known.minerId);
    const reflashed = report.same.filter((pair) => isWanted(pair) && pair.known.family !== pair.found.family);
    const adoption = adopt(
      inventory,
      {
        same: reflashed,
        moved: report.moved.filter(isWanted),
        firmwareChanged: report.firmwareChanged.filter(isWanted),
        replaced: [],
        unproved: [],
        missing: [],
        notLookedFor: [],
        fresh: [],
        duplicates: [],
      },
      { idPattern: usualIdPattern, ...(deps.ports && { ports: deps.ports }) },
    );
    log('info', 'searched_for_missing', {
      missing: wanted.length,
      addresses: scanned.counts.asked,
      found: adoption.seen.length,
    });
    if (adoption.seen.length === 0 || stopping.aborted) return 0;
    for (const event of inventoryEvents(adoption.changes)) reports.safety(event);
    await onInventory(adoption.miners);
    return adoption.seen.length;
  };

  const run = async () => {
    let factor = 1;
    let sought = '';
    while (!stopping.aborted) {
      await clock.wait(config.everyMs * factor, stopping);
      if (stopping.aborted) return;
      const now = missing()
        .map(({ minerId }) => minerId)
        .join(' ');
      if (now === '') {
        factor = 1;
        continue;
      }
      const found = await search().catch((error: unknown) => {
        log('error', 'search_failed', { reason: error instanceof Error ? error.name : 'unknown' });
        return 0;
      });
      factor = found > 0 || now !== sought ? 1 : Math.min(mostWait, factor * 2);
      sought = now;
    }
  };
  return { run, search, missing: () => missing().length };
};
