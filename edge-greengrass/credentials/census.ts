import type { Vendor } from '../../contracts/capabilities/firmware-table.ts';
import type { ConfiguredMiner } from '../config.ts';
import { factoryLogin } from '../discovery/identify-machine.ts';
import { isSameLogin, loginOf } from '../discovery/likely-logins.ts';
import { Semaphore } from '../io/semaphore.ts';
import type { StateFile } from '../state/state-file.ts';
import type { LoginWay } from './login-way.ts';

/** How many miners of a family let in whom. No name, no password. */
export type CensusRow = {
  readonly vendor: Vendor;
  readonly miners: number;
  /** The maker's login lets in. */
  readonly factory: number;
  /** The maker's login is refused. */
  readonly own: number;
  /** Of those, found out within the last day and not tried again. */
  readonly notTriedAgain: number;
  /** Did not answer, or does not say. */
  readonly unknown: number;
  /** Nothing is known of how this firmware lets people in. */
  readonly noWay: number;
};
export type Census = {
  readonly rows: readonly CensusRow[];
  /** Ids of the miners that the maker's login opens. */
  readonly open: readonly string[];
};

/** A wrong login is not tried again at a miner within this time: one wrong try a day locks nobody out. */
const againAfterMs = 24 * 3_600_000;
const refusedAt = (minerId: string) => `factory_login_refused_${minerId}`;

/** Tries the maker's login once at every miner. */
export const passwordCensus = async ({
  miners,
  wayOf,
  state,
  nowMs,
  signal,
  atOnce = 32,
  onTried,
}: {
  readonly miners: readonly ConfiguredMiner[];
  readonly wayOf: (miner: ConfiguredMiner) => LoginWay | undefined;
  readonly state: StateFile;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  readonly atOnce?: number;
  readonly onTried?: (done: number) => void;
}): Promise<Census> => {
  const lanes = new Semaphore(atOnce);
  let done = 0;
  const look = async (miner: ConfiguredMiner): Promise<keyof Omit<CensusRow, 'vendor' | 'miners'>> => {
    const { minerId, vendor } = miner;
    const way = wayOf(miner);
    if (!way) return 'noWay';
    const factory = factoryLogin(vendor);
    const isOwn = !isSameLogin(factory, loginOf(miner));
    if (isOwn && nowMs() - state.counter(refusedAt(minerId)) < againAfterMs) return 'notTriedAgain';
    const verdict = signal.aborted ? 'unknown' : await way.check(factory, signal);
    if (verdict === 'refused') state.setCounter(refusedAt(minerId), nowMs());
    return verdict === 'accepted' ? 'factory' : verdict === 'refused' ? 'own' : 'unknown';
  };
  const looked = await Promise.all(
    miners.map((miner) =>
      lanes.run(async () => {
        const found = await look(miner);
        onTried?.(++done);
        return { miner, found };
      }),
    ),
  );
  const rows = [...Map.groupBy(looked, ({ miner }) => miner.vendor)].map(([vendor, all]): CensusRow => {
    const count = (kind: string) => all.filter(({ found }) => found === kind).length;
    const notTriedAgain = count('notTriedAgain');
    return {
      vendor,
      miners: all.length,
      factory: count('factory'),
      own: count('own') + notTriedAgain,
      notTriedAgain,
      unknown: count('unknown'),
      noWay: count('noWay'),
    };
  });
  return {
    rows: rows.toSorted((one, other) => one.vendor.localeCompare(other.vendor)),
    open: looked.filter(({ found }) => found === 'factory').map(({ miner }) => miner.minerId),
  };
};
