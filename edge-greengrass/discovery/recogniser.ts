import { isDeepStrictEqual } from 'node:util';
import type { MinerAdapter, MinerIdentity } from '../adapters/miner-adapter.ts';
import type { ConfiguredMiner } from '../config.ts';
import { MinerFault } from '../io/miner-fault.ts';
import type { Reports } from '../reports.ts';
import type { DiskVault } from '../sealing/disk-vault.ts';
import type { StateFile } from '../state/state-file.ts';
import { contradict } from './compare-inventory.ts';
import { KnownMachines, type Remembered } from './known-machines.ts';
import { macAddressOf, serialNumberOf } from './mac-address.ts';

type Deps = {
  readonly state: StateFile;
  readonly vault: DiskVault;
  readonly miners: readonly ConfiguredMiner[];
  readonly reports: Pick<Reports, 'safety'>;
  readonly nowMs: () => number;
};

const plain = (machine: Remembered): unknown => JSON.parse(JSON.stringify(machine));

/** Sightings go to the disk together, so that a start with thousands of miners costs a few writes. */
const gatherMs = 500;

/**
 * Knows the site's machines again. A machine whose MAC or serial number is not that which the miner at this address had is a stranger: it is
 * not read as that miner, and no order goes to it.
 */
export const recogniser = ({ state, vault, miners, reports, nowMs }: Deps) => {
  const machines = new KnownMachines(state, vault);
  const remembered = new Map(machines.all());
  const hosts = new Map(miners.map(({ minerId, host }) => [minerId, host]));
  const strangers = new Set<string>();
  const unsaved = new Map<string, Remembered>();
  let gathering: NodeJS.Timeout | undefined;

  const flush = () => {
    clearTimeout(gathering);
    gathering = undefined;
    if (unsaved.size === 0) return;
    state.transact(() => {
      for (const [minerId, machine] of unsaved) machines.remember(minerId, machine, nowMs());
    });
    unsaved.clear();
  };
  const remember = (minerId: string, machine: Remembered) => {
    remembered.set(minerId, machine);
    unsaved.set(minerId, machine);
    gathering ??= setTimeout(flush, gatherMs);
    gathering.unref();
  };

  const take = (minerId: string, identity: MinerIdentity) => {
    const host = hosts.get(minerId);
    if (host === undefined) return;
    const before = remembered.get(minerId);
    const marks = {
      macAddress: macAddressOf(identity.macAddress),
      serialNumber: serialNumberOf(identity.serialNumber),
    };
    if (before && contradict(before, marks)) {
      if (!strangers.has(minerId))
        reports.safety({
          kind: 'inventory_changed',
          minerId,
          code: 'STRANGER',
          detail: `another machine answers at its address: ${identity.model}`.slice(0, 300),
        });
      strangers.add(minerId);
      throw new MinerFault('unreachable', 'another machine answers at this miner’s address');
    }
    strangers.delete(minerId);
    const { vendor: family, model } = identity;
    const firmware = identity.firmware === 'unknown' ? before?.firmware : identity.firmware;
    if (before?.firmware !== undefined && (before.firmware !== firmware || before.family !== family))
      reports.safety({
        kind: 'inventory_changed',
        minerId,
        code: 'FIRMWARE_CHANGED',
        detail: `answers with other firmware: ${family} ${firmware ?? ''}`.slice(0, 300),
      });
    const now: Remembered = {
      host,
      family,
      model,
      firmware,
      macAddress: marks.macAddress ?? before?.macAddress,
      serialNumber: marks.serialNumber ?? before?.serialNumber,
      hostname: identity.hostname ?? before?.hostname,
    };
    if (!before || !isDeepStrictEqual(plain(before), plain(now))) remember(minerId, now);
  };

  const refuseStranger = (minerId: string) => {
    if (strangers.has(minerId))
      throw new MinerFault('denied', 'another machine stands at this miner’s address');
  };

  return {
    /** Miners at whose addresses others answer. */
    strangers: (): ReadonlySet<string> => strangers,
    remembered: (): ReadonlyMap<string, Remembered> => remembered,
    /** The adapter, which says who it is only where that is the miner that it is taken for. */
    watch: (minerId: string, adapter: MinerAdapter): MinerAdapter => ({
      ...adapter,
      identify: async (signal) => {
        const identity = await adapter.identify(signal);
        take(minerId, identity);
        return identity;
      },
      snapshot: async (order, signal) => {
        refuseStranger(minerId);
        return adapter.snapshot(order, signal);
      },
    }),
    flush,
  };
};
export type Recogniser = ReturnType<typeof recogniser>;
