import type { MinerReading, PowerMode } from '../../../contracts/reading.ts';
import { boardValues, type ToldPool } from '../plain-adapter.ts';
import { type Fields, fieldsOf, listOf, maxOf, numberOf, present, scaled, sumOf, textOf } from '../values.ts';

/** TH/s in one of the firmware's rate units; MH/s, in which Scrypt is counted, where it names none. */
const perThs = (unit: unknown) => {
  const word = textOf(unit)?.toUpperCase() ?? 'MH';
  if (word.startsWith('TH')) return 1;
  if (word.startsWith('GH')) return 1e-3;
  return word.startsWith('KH') ? 1e-9 : 1e-6;
};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Chip sensors come in thousandths of a degree, as text, and empty where none is fitted: `"47125"`. */
const chipTemp = (value: unknown) => {
  const number = numberOf(value);
  if (number === undefined || number <= 0) return undefined;
  return number >= 1_000 ? number / 1_000 : number;
};
const boardTemp = (value: unknown) => {
  const celsius = numberOf(value);
  return celsius !== undefined && celsius > 0 ? celsius : undefined;
};

const board = (chain: Fields, rate: number) => ({
  hashrateThs: scaled(numberOf(chain.rate_real), rate),
  chipTempC: maxOf(list(chain.temp_chip).map(chipTemp)),
  boardTempC: maxOf(list(chain.temp_pcb).map(boardTemp)),
  chips: numberOf(chain.asic_num),
});

/**
 * `stats.cgi` of an Elphapex. The machine has four boards and a reading three places: the fourth is in the totals only. Its
 * `freq_avg` (62000 at a set 1850) has no unit that anybody documents, so there is no frequency.
 */
export const parseStats = (answer: Fields): MinerReading['values'] | undefined => {
  const stats = listOf(answer.STATS)[0];
  if (!stats) return undefined;
  const rate = perThs(stats.rate_unit);
  const chains = listOf(stats.chain);
  const boards = [0, 1, 2, 3].map((index) => {
    const chain = chains.find((candidate) => numberOf(candidate.index) === index);
    return chain && board(chain, rate);
  });
  const fans = list(stats.fan).map(numberOf);
  return {
    ...boardValues(boards),
    ...present({
      hashrateThs: scaled(numberOf(stats.rate_5s), rate) ?? sumOf(boards.map((entry) => entry?.hashrateThs)),
      expectedHashrateThs: scaled(numberOf(stats.rate_ideal) ?? numberOf(stats.total_rateideal), rate),
      chipTempC: maxOf(boards.map((entry) => entry?.chipTempC)),
      boardTempC: maxOf(boards.map((entry) => entry?.boardTempC)),
      fan1Rpm: fans[0],
      fan2Rpm: fans[1],
      fan3Rpm: fans[2],
      fan4Rpm: fans[3],
      uptimeS: numberOf(stats.elapsed),
    }),
  };
};

/** All chips of all boards, or undefined where the miner says of none. */
export const chipsOf = (answer: Fields) =>
  sumOf(listOf(listOf(answer.STATS)[0]?.chain).map((chain) => numberOf(chain.asic_num)));

/** No pool says that it is the one in use: it is the first that is alive, by priority. */
export const parsePools = (answer: Fields) => {
  const entries = listOf(answer.POOLS).filter((pool) => textOf(pool.url) !== undefined);
  if (!Array.isArray(answer.POOLS)) return {};
  const alive = entries.filter((pool) => textOf(pool.status)?.toLowerCase() === 'alive');
  const first = alive.toSorted(
    (one, other) => (numberOf(one.priority) ?? 9) - (numberOf(other.priority) ?? 9),
  )[0];
  const sum = (name: string) => sumOf(entries.map((pool) => numberOf(pool[name])));
  return present({
    acceptedShares: sum('accepted'),
    rejectedShares: sum('rejected'),
    staleShares: sum('stale'),
    poolsAlive: alive.length,
    activePool: first && entries.indexOf(first),
  });
};

/** Modes by number: 0 to 3 of older firmware (pyasic, asic-rs), and those that setworkmode.cgi takes. */
const modes: Readonly<Record<string, PowerMode>> = {
  0: 'normal',
  1: 'sleep',
  2: 'high',
  3: 'low',
  101: 'high',
  '-100': 'low',
  '-1000': 'sleep',
};
export const modeOf = (conf: Fields): PowerMode | undefined => {
  const number = numberOf(conf['fc-work-mode']);
  const key = number === undefined ? '' : String(number);
  return Object.hasOwn(modes, key) ? modes[key] : undefined;
};

export const fanOf = (conf: Fields): number | 'auto' | undefined => {
  const manual = conf['fc-fan-ctrl'];
  if (manual === undefined) return undefined;
  return manual === true || manual === 'true' ? numberOf(conf['fc-fan-pwm']) : 'auto';
};

export const poolsIn = (conf: Fields): ToldPool[] =>
  listOf(fieldsOf(conf).pools).map((pool) => ({
    url: textOf(pool.url) ?? '',
    user: textOf(pool.user) ?? '',
    ...(typeof pool.pass === 'string' && { password: pool.pass }),
  }));
