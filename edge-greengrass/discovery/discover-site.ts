import type { ConfiguredMiner } from '../config.ts';
import { Semaphore } from '../io/semaphore.ts';
import { type Adoption, adopt } from './adopt.ts';
import { compareInventory, type InventoryReport } from './compare-inventory.ts';
import type { FoundMachine, KnownMachine, Login } from './found-machine.ts';
import { identifyMachine, isSpoken } from './identify-machine.ts';
import { knownOf, type Remembered, retiredOf } from './known-machines.ts';
import { isSameLogin, likelyLogins, loginOf, mostLogins } from './likely-logins.ts';
import { usualIdPattern } from './name-miners.ts';
import { readNeighbours } from './neighbours.ts';
import { vendorPorts } from './probe-address.ts';
import { type ScanDeps, type ScanResult, scan, usualScan } from './scan.ts';

type Deps = Omit<ScanDeps, 'loginsFor'> & {
  readonly miners: readonly ConfiguredMiner[];
  readonly remembered: ReadonlyMap<string, Remembered>;
  /** Logins that an operator gives for this scan. */
  readonly logins?: readonly Login[];
  readonly idPattern?: string;
  readonly keepReplacedId?: boolean;
  readonly neighbours?: () => ReadonlyMap<string, string>;
};
export type Discovery = {
  readonly scanned: ScanResult;
  readonly report: InventoryReport;
  readonly adoption: Adoption;
};

const isMarked = ({ macAddress, serialNumber }: FoundMachine) => (macAddress ?? serialNumber) !== undefined;

/**
 * A second look at machines that told no mark, because none of the likely logins let us in: the network's own table names the MAC; and where it
 * does not, the logins of miners that were not found are tried, three at each machine at most.
 */
const lookAgain = async (
  found: readonly FoundMachine[],
  absent: readonly KnownMachine[],
  { miners, remembered, neighbours = readNeighbours, ports = vendorPorts, signal, ...deps }: Deps,
): Promise<readonly FoundMachine[]> => {
  const limits = { ...usualScan, ...deps.limits };
  const io = { connectMs: limits.connectMs, exchangeMs: limits.answerMs, maxBytes: 512 * 1_024 };
  const identifying = { ports, limits: io, sockets: new Semaphore(256), nowMs: deps.nowMs ?? Date.now };
  const tried = likelyLogins(miners, deps.logins);
  const configured = new Map(miners.map((miner) => [miner.minerId, miner]));
  const macOwners = new Map(knownOf(miners, remembered).map((known) => [known.macAddress, known.minerId]));
  const table = neighbours();
  const lookAt = async (machine: FoundMachine): Promise<FoundMachine> => {
    if (isMarked(machine) || !isSpoken(machine.family) || machine.model === undefined) return machine;
    const macAddress = table.get(machine.host);
    const owner = macAddress === undefined ? undefined : configured.get(macOwners.get(macAddress) ?? '');
    const candidates = owner
      ? [owner]
      : absent.flatMap(({ minerId }) => {
          const miner = configured.get(minerId);
          return miner?.vendor === machine.family ? [miner] : [];
        });
    const before = tried(machine.host, machine.family);
    // In any order, so that one search after the other comes to try them all.
    const logins = candidates
      .toSorted(() => Math.random() - 0.5)
      .map(loginOf)
      .filter((login) => !before.some((other) => isSameLogin(login, other)))
      .slice(0, mostLogins);
    const again = logins.length
      ? await identifyMachine(machine.host, machine, logins, identifying, signal)
      : machine;
    return isMarked(again) || macAddress === undefined ? again : { ...machine, macAddress };
  };
  return Promise.all(found.map(lookAt));
};

/** Scans, compares with the inventory, and says what would become of it. Changes nothing. */
export const discoverSite = async (deps: Deps): Promise<Discovery> => {
  const { miners, remembered, addresses, idPattern = usualIdPattern, keepReplacedId, ports } = deps;
  const scanned = await scan({ ...deps, loginsFor: likelyLogins(miners, deps.logins) });
  const present = knownOf(miners, remembered);
  const known = [...present, ...retiredOf(present, remembered)];
  // Who stands unmarked at a place is not yet taken for the miner that the inventory has there.
  const marked = compareInventory(known, scanned.machines.filter(isMarked), addresses.has);
  const machines = await lookAgain(scanned.machines, [...marked.missing, ...marked.notLookedFor], deps);
  const asked = scanned.complete ? addresses.has : () => false;
  const report = compareInventory(known, machines, asked);
  const adoption = adopt(miners, report, {
    idPattern,
    ...(keepReplacedId !== undefined && { keepReplacedId }),
    ...(ports && { ports }),
    formerIds: remembered.keys(),
  });
  return { scanned: { ...scanned, machines }, report, adoption };
};
