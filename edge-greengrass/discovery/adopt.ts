import { type ConfiguredMiner, configuredMiner } from '../config.ts';
import type { InventoryReport, Pair } from './compare-inventory.ts';
import type { FoundMachine } from './found-machine.ts';
import { factoryLogin, isSpoken, portsOf } from './identify-machine.ts';
import { nowhere } from './known-machines.ts';
import { namer } from './name-miners.ts';
import { type ProbePorts, vendorPorts } from './probe-address.ts';

/** What becomes of the inventory, miner by miner. */
export type Change = {
  readonly kind:
    | 'moved'
    /** A machine that the gateway had before, and has again under its id. */
    | 'back'
    | 'new'
    | 'replaced'
    | 'missing'
    | 'firmware'
    /** Stands where it was, and does not say any more who it is. */
    | 'unproved'
    | 'duplicate'
    /** Found, and not taken into the inventory; `why` says what for. */
    | 'left_out';
  readonly minerId?: string;
  readonly found?: FoundMachine;
  /** The id that the machine in the place of a replaced one has from now on. */
  readonly newId?: string;
  readonly why?: 'no_adapter' | 'unconfirmed' | 'no_identity' | 'no_id';
};

export type Adoption = {
  readonly miners: readonly ConfiguredMiner[];
  readonly changes: readonly Change[];
  /** Who each miner of the inventory that was seen is. */
  readonly seen: readonly { readonly minerId: string; readonly found: FoundMachine }[];
};

type Options = {
  readonly idPattern: string;
  /** Whether the machine in the place of another takes over its id, or gets one of its own. */
  readonly keepReplacedId?: boolean;
  readonly ports?: ProbePorts;
  /** Ids that machines had before; none is given twice. */
  readonly formerIds?: Iterable<string>;
};

/** Why a machine cannot become a miner of the inventory. */
const whyNot = (found: FoundMachine): Change['why'] => {
  if (!isSpoken(found.family)) return 'no_adapter';
  if (found.model === undefined) return 'unconfirmed';
  return (found.macAddress ?? found.serialNumber) === undefined ? 'no_identity' : undefined;
};

/** What a sighting changes in a miner's entry. What it does not say stays. */
const withSighting = (
  { rpcPort: _, httpPort: __, framePort: ___, ...miner }: ConfiguredMiner,
  found: FoundMachine,
  ports: ProbePorts,
  isNew: boolean,
): ConfiguredMiner => {
  const vendor = isSpoken(found.family) ? found.family : miner.vendor;
  const { username, password } = miner;
  const usual = factoryLogin(vendor);
  const isOther = isNew || vendor !== miner.vendor;
  const own = isOther ? {} : { username, password };
  const login = found.login && (found.isLoginProved || isOther) ? found.login : own;
  const { username: __username, password: __password, ...rest } = miner;
  return configuredMiner.parse({
    ...rest,
    vendor,
    host: found.host,
    ...(ports !== vendorPorts && portsOf(vendor, ports)),
    ...(login.username !== undefined && login.username !== usual.username && { username: login.username }),
    ...(login.password !== undefined && login.password !== usual.password && { password: login.password }),
    ...(found.macAddress !== undefined && { mac: found.macAddress }),
    ...(found.model !== undefined && { model: found.model }),
  });
};

/**
 * The inventory after a scan: moved miners at their new addresses, machines that came back under their ids, new ones under ids by the pattern. A
 * replaced machine leaves the inventory, since another answers at its address, unless its id passes to that one. Missing miners stay in it.
 */
export const adopt = (
  miners: readonly ConfiguredMiner[],
  report: InventoryReport,
  { idPattern, keepReplacedId = false, ports = vendorPorts, formerIds = [] }: Options,
): Adoption => {
  const inventory = new Map(miners.map((miner) => [miner.minerId, miner]));
  const name = namer(idPattern, [...inventory.keys(), ...formerIds]);
  const changes: Change[] = [];
  const seen: { minerId: string; found: FoundMachine }[] = [];

  const takeIn = (minerId: string, found: FoundMachine, before?: ConfiguredMiner) => {
    const entry =
      before ?? (isSpoken(found.family) && { vendor: found.family, host: found.host, shedOrder: 100 });
    if (!entry) return;
    inventory.set(minerId, withSighting({ ...entry, minerId }, found, ports, before === undefined));
    seen.push({ minerId, found });
  };
  const update = ({ known: { minerId }, found }: Pair) => {
    const before = inventory.get(minerId);
    if (before) takeIn(minerId, found, before);
    return before !== undefined;
  };

  for (const pair of report.same) update(pair);
  for (const pair of report.moved) {
    const { minerId } = pair.known;
    if (update(pair)) changes.push({ kind: 'moved', minerId, found: pair.found });
    else if (isSpoken(pair.found.family)) {
      takeIn(minerId, pair.found);
      changes.push({ kind: 'back', minerId, found: pair.found });
    }
  }
  for (const { known, found } of report.unproved)
    changes.push({ kind: 'unproved', minerId: known.minerId, found });
  for (const { known, found } of report.firmwareChanged)
    if (known.host !== nowhere) changes.push({ kind: 'firmware', minerId: known.minerId, found });
  for (const { known, found } of report.replaced) {
    const { minerId } = known;
    const why = whyNot(found);
    const newId = why || keepReplacedId ? undefined : name(found);
    if (!why && keepReplacedId) takeIn(minerId, found, inventory.get(minerId));
    else inventory.delete(minerId);
    if (newId !== undefined) takeIn(newId, found);
    changes.push({
      kind: 'replaced',
      minerId,
      found,
      ...(newId !== undefined && { newId }),
      ...(why && { why }),
    });
  }
  for (const found of report.fresh) {
    const why = whyNot(found);
    const minerId = why ? undefined : name(found);
    if (minerId === undefined) changes.push({ kind: 'left_out', found, why: why ?? 'no_id' });
    else {
      takeIn(minerId, found);
      changes.push({ kind: 'new', minerId, found });
    }
  }
  for (const { minerId, host } of report.missing)
    if (host !== nowhere) changes.push({ kind: 'missing', minerId });
  for (const { found } of report.duplicates) changes.push({ kind: 'duplicate', found });
  return { miners: [...inventory.values()], changes, seen };
};
