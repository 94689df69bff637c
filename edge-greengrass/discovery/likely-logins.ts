import type { Vendor } from '../../contracts/capabilities/firmware-table.ts';
import type { ConfiguredMiner } from '../config.ts';
import type { Login } from './found-machine.ts';
import { factoryLogin, isSpoken } from './identify-machine.ts';

/** More wrong ones in a row could lock somebody out. */
export const mostLogins = 3;

export const loginOf = ({ vendor, username, password }: ConfiguredMiner): Login => {
  const usual = factoryLogin(vendor);
  return { username: username ?? usual.username, password: password ?? usual.password };
};

const textOf = ({ username, password }: Login) => JSON.stringify([username, password]);
export const isSameLogin = (one: Login, other: Login) => textOf(one) === textOf(other);
const distinct = (logins: readonly Login[]) => [
  ...new Map(logins.map((login) => [textOf(login), login])).values(),
];

/** Logins of a family that at least two of its miners share, the most common first. */
const sharedLogins = (miners: readonly ConfiguredMiner[], family: Vendor) =>
  [...Map.groupBy(miners.filter(({ vendor }) => vendor === family).map(loginOf), textOf).values()]
    .filter((same) => same.length > 1)
    .toSorted((one, other) => other.length - one.length)
    .flatMap(([login]) => (login ? [login] : []));

/**
 * What may be tried at a machine, at most three: the login of the miner that the inventory has at that address, those that an operator gives
 * for the scan, what the family's miners share, the factory's.
 */
export const likelyLogins = (miners: readonly ConfiguredMiner[], given: readonly Login[] = []) => {
  const placed = new Map(miners.map((miner) => [miner.host, miner]));
  const shared = new Map<Vendor, readonly Login[]>();
  return (host: string, family: string): readonly Login[] => {
    if (!isSpoken(family)) return [];
    const common = shared.get(family) ?? sharedLogins(miners, family);
    shared.set(family, common);
    const there = placed.get(host);
    const own = there?.vendor === family ? [loginOf(there)] : [];
    return distinct([...own, ...given, ...common, factoryLogin(family)]).slice(0, mostLogins);
  };
};
