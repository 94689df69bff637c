import { customersOf, type Principal } from '../../contracts/access.ts';
import type { Clock } from '../shared/clock.ts';
import type { Registry } from './miner-registry.ts';
import { isOwnedThrough, ownerAt, type Turns } from './ownership.ts';

/** The machines of some customers of a site: those that are theirs, and those that were while they were. */
export type OwnMachines = {
  readonly customers: readonly string[];
  /** In use and theirs, by id. */
  readonly minerIds: readonly string[];
  readonly isOwn: (minerId: string) => boolean;
  readonly everOwn: (minerId: string) => boolean;
  /** Theirs for the whole of [fromMs, toMs). */
  readonly ownThrough: (minerId: string, fromMs: number, toMs: number) => boolean;
};

type Machine = { readonly minerId: string; readonly owners: Turns; readonly retired: boolean };

export const machinesOf = (
  customers: readonly string[],
  machines: Iterable<Machine>,
  nowMs: number,
): OwnMachines => {
  const owned = new Map<string, Machine>();
  for (const machine of machines)
    if (machine.owners.some(({ customer_id }) => customer_id !== null && customers.includes(customer_id)))
      owned.set(machine.minerId, machine);
  const isOwn = (minerId: string) =>
    customers.includes(ownerAt(owned.get(minerId)?.owners ?? [], nowMs) ?? '');
  return {
    customers,
    minerIds: [...owned.values()]
      .filter(({ minerId, retired }) => !retired && isOwn(minerId))
      .map(({ minerId }) => minerId)
      .sort(),
    isOwn,
    everOwn: (minerId) => owned.has(minerId),
    ownThrough: (minerId, fromMs, toMs) =>
      isOwnedThrough(owned.get(minerId)?.owners ?? [], customers, fromMs, toMs),
  };
};

/**
 * What a client's account may see of a site's machines; undefined for staff, who see every one. As the registry is now: a
 * machine that was handed over a moment ago is seen by its new owner alone.
 */
export const ownMachines =
  (readRegistry: (siteId: number) => Promise<Registry>, clock: Clock) =>
  async (who: Principal, siteId: number): Promise<OwnMachines | undefined> => {
    const customers = customersOf(who);
    if (customers === 'all') return undefined;
    const { miners } = await readRegistry(siteId);
    const machines = [...miners.values()].map(({ miner_id, owners, status }) => ({
      minerId: miner_id,
      owners,
      retired: status === 'retired',
    }));
    return machinesOf(customers, machines, clock.nowMs());
  };
