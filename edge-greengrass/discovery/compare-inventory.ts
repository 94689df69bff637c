import type { FoundMachine, KnownMachine } from './found-machine.ts';

/** What a scan says of the inventory. Every known miner and every found machine is in exactly one place, firmware changes and duplicates apart. */
export type InventoryReport = {
  /** Where it was. */
  readonly same: readonly Pair[];
  /** The same machine at another address. */
  readonly moved: readonly Pair[];
  /** Another machine at the place of one that is nowhere else. */
  readonly replaced: readonly Pair[];
  /** Nowhere in what was scanned, which holds its place. */
  readonly missing: readonly KnownMachine[];
  /** Not found, and its place was not scanned. */
  readonly notLookedFor: readonly KnownMachine[];
  readonly fresh: readonly FoundMachine[];
  /** Machines that claim a MAC address which another one holds. */
  readonly duplicates: readonly Duplicate[];
  /** Of those that are the same: who told neither MAC nor serial number now, and did before; it may be another machine. */
  readonly unproved: readonly Pair[];
  /** Of those that are the same or moved: another firmware family or version than before. */
  readonly firmwareChanged: readonly Pair[];
};
export type Pair = { readonly known: KnownMachine; readonly found: FoundMachine };
export type Duplicate = {
  readonly found: FoundMachine;
  /** Where the one stands that is taken for the holder. */
  readonly holder: FoundMachine;
};

type Marked = Pick<KnownMachine, 'macAddress' | 'serialNumber'>;

/** Two sightings cannot be of one machine where one mark differs and no other agrees. */
export const contradict = (one: Marked, other: Marked) => {
  const [mac, serial] = [
    agreement(one.macAddress, other.macAddress),
    agreement(one.serialNumber, other.serialNumber),
  ];
  return mac !== 'same' && serial !== 'same' && (mac === 'other' || serial === 'other');
};
const agreement = (one: string | undefined, other: string | undefined) =>
  one === undefined || other === undefined ? 'unknown' : one === other ? 'same' : 'other';

/**
 * Sets aside whoever claims a MAC address that another holds. The holder is who stands where the inventory has it, else who comes first by
 * address; so the outcome does not hang on the order in which a scan found them. A serial number on two MAC addresses is a number that a maker
 * used twice, not one machine twice.
 */
const settleDuplicates = (known: readonly KnownMachine[], found: readonly FoundMachine[]) => {
  const homes = new Map(known.map(({ macAddress, host }) => [macAddress, host]));
  const isAtHome = ({ macAddress, host }: FoundMachine) =>
    macAddress !== undefined && homes.get(macAddress) === host;
  const holders = new Map<string, FoundMachine>();
  const duplicates: Duplicate[] = [];
  const distinct: FoundMachine[] = [];
  for (const machine of found.toSorted((one, other) => Number(isAtHome(other)) - Number(isAtHome(one)))) {
    const holder = machine.macAddress === undefined ? undefined : holders.get(machine.macAddress);
    if (holder) duplicates.push({ found: machine, holder });
    else distinct.push(machine);
    if (machine.macAddress !== undefined && !holder) holders.set(machine.macAddress, machine);
  }
  return { distinct, duplicates };
};

/** One index of what several may claim: a mark that two claim finds neither. */
const soleHolders = <T>(items: readonly T[], markOf: (item: T) => string | undefined) => {
  const holders = new Map<string, T | undefined>();
  for (const item of items) {
    const mark = markOf(item);
    if (mark !== undefined) holders.set(mark, holders.has(mark) ? undefined : item);
  }
  return holders;
};

const byHost = (one: { readonly host: string }, other: { readonly host: string }) =>
  one.host < other.host ? -1 : one.host > other.host ? 1 : 0;

/**
 * Compares the inventory with what a scan found. A machine is known again by its MAC address wherever it stands; then by its serial number;
 * and only where nothing speaks against it, by its place. `wasScanned` says whether an address was looked at.
 */
export const compareInventory = (
  inventory: readonly KnownMachine[],
  sightings: readonly FoundMachine[],
  wasScanned: (host: string) => boolean,
): InventoryReport => {
  const known = inventory.toSorted((one, other) => (one.minerId < other.minerId ? -1 : 1));
  const { distinct, duplicates } = settleDuplicates(known, sightings.toSorted(byHost));
  const pairs = new Map<KnownMachine, FoundMachine>();
  const taken = new Set<FoundMachine>();
  const pair = (one: KnownMachine, machine: FoundMachine | undefined) => {
    if (!machine || pairs.has(one) || taken.has(machine)) return;
    pairs.set(one, machine);
    taken.add(machine);
  };

  const knownByMac = soleHolders(known, ({ macAddress }) => macAddress);
  for (const machine of distinct) {
    const one = machine.macAddress && knownByMac.get(machine.macAddress);
    if (one) pair(one, machine);
  }
  const unpaired = () => distinct.filter((machine) => !taken.has(machine));
  const knownBySerial = soleHolders(
    known.filter((one) => !pairs.has(one)),
    ({ serialNumber }) => serialNumber,
  );
  const foundBySerial = soleHolders(unpaired(), ({ serialNumber }) => serialNumber);
  for (const [serial, one] of knownBySerial) if (one) pair(one, foundBySerial.get(serial));
  const standing = new Map(unpaired().map((machine) => [machine.host, machine]));
  for (const one of known) {
    const machine = standing.get(one.host);
    if (machine && !contradict(one, machine)) pair(one, machine);
  }

  const paired = [...pairs].map(([one, machine]) => ({ known: one, found: machine }));
  const replaced: Pair[] = [];
  const left = known.filter((one) => !pairs.has(one));
  for (const one of left) {
    const machine = standing.get(one.host);
    if (!machine || taken.has(machine)) continue;
    taken.add(machine);
    replaced.push({ known: one, found: machine });
  }
  const same = paired.filter(({ known: one, found }) => one.host === found.host);
  const isMarked = ({ macAddress, serialNumber }: Marked) => (macAddress ?? serialNumber) !== undefined;
  const gone = new Set(replaced.map((each) => each.known));
  const lost = left.filter((one) => !gone.has(one));
  return {
    same,
    unproved: same.filter(({ known: one, found }) => isMarked(one) && !isMarked(found)),
    moved: paired.filter(({ known: one, found }) => one.host !== found.host),
    replaced,
    missing: lost.filter(({ host }) => wasScanned(host)),
    notLookedFor: lost.filter(({ host }) => !wasScanned(host)),
    fresh: unpaired(),
    duplicates,
    firmwareChanged: paired.filter(
      ({ known: one, found }) =>
        one.family !== found.family ||
        (one.firmware !== undefined && found.firmware !== undefined && one.firmware !== found.firmware),
    ),
  };
};
