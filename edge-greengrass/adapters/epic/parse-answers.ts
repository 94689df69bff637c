import type { MinerReading, MinerState } from '../../../contracts/reading.ts';
import { mean } from '../board-places.ts';
import { boardValues, type ToldPool } from '../plain-adapter.ts';
import { type Fields, fieldsOf, listOf, maxOf, numberOf, present, scaled, sumOf, textOf } from '../values.ts';
import type { BoardChips } from './chip-pages.ts';

/** A board's `Hashrate` is its rate in MH/s, that in per cent of what its clock promises, and its errors in per cent. */
const parseBoard = (board: Fields) => {
  const [rate, percent] = Array.isArray(board.Hashrate) ? board.Hashrate : [];
  const hashrateThs = scaled(numberOf(rate), 1e-6);
  const share = numberOf(percent);
  const promised = hashrateThs !== undefined && share !== undefined && share > 0;
  return {
    hashrateThs,
    expectedThs: promised ? (hashrateThs * 100) / share : undefined,
    temperatureC: numberOf(board.Temperature),
    frequencyMhz: numberOf(board['Core Clock Avg']),
    voltageV: numberOf(board['Input Voltage']),
  };
};

/** Boards by their `Index` from 0; one that is switched off is not among them. */
const boardsOf = (summary: Fields) => {
  const told = listOf(summary.HBs);
  return [0, 1, 2].map((index) => {
    const board = told.find((entry) => numberOf(entry.Index) === index);
    return board && parseBoard(board);
  });
};

/**
 * `sensors` is where the capabilities say that the summary's temperatures are measured: on boards, where they say nothing. `chips` is what
 * the pages of chips tell, board by board.
 */
export const parseValues = (
  summary: Fields,
  sensors: 'Board' | 'Chip',
  chips: readonly BoardChips[] = [],
): MinerReading['values'] => {
  const boards = boardsOf(summary);
  const supply = fieldsOf(summary['Power Supply Stats']);
  const rpm = (at: number) => numberOf(fieldsOf(summary['Fans Rpm'])[`Fans Speed ${at}`]);
  const warmest = maxOf(boards.map((board) => board?.temperatureC));
  const session = fieldsOf(summary.Session);
  const { IsPoolConnected: connected, 'Config Id': config } = fieldsOf(summary.Stratum);
  const onChips = sensors === 'Chip';
  const hottestC = boards.map((board, at) =>
    maxOf([onChips ? board?.temperatureC : undefined, board && chips[at]?.hottestC]),
  );
  return {
    ...boardValues(
      boards.map(
        (board, at) =>
          board && { hashrateThs: board.hashrateThs, chipTempC: hottestC[at], chips: chips[at]?.chips },
      ),
    ),
    ...present({
      hashrateThs: sumOf(boards.map((board) => board?.hashrateThs)),
      expectedHashrateThs: sumOf(boards.map((board) => board?.expectedThs)),
      powerW: numberOf(supply['Input Power']),
      powerLimitW: powerTarget(summary),
      boardTempC: onChips ? undefined : warmest,
      chipTempC: maxOf(hottestC),
      fan1Rpm: rpm(1),
      fan2Rpm: rpm(2),
      fan3Rpm: rpm(3),
      fan4Rpm: rpm(4),
      fanDutyPct: numberOf(fieldsOf(summary.Fans)['Fans Speed']),
      frequencyMhz: mean(boards.map((board) => board?.frequencyMhz)),
      voltageV: numberOf(supply['Output Voltage']) ?? maxOf(boards.map((board) => board?.voltageV)),
      acceptedShares: numberOf(session.Accepted),
      rejectedShares: numberOf(session.Rejected),
      uptimeS: numberOf(session.Uptime),
      // Only the pool in use is told of.
      poolsAlive: typeof connected === 'boolean' ? Number(connected) : undefined,
      activePool: connected === true ? numberOf(config) : undefined,
    }),
  };
};

const powerTarget = (summary: Fields) => {
  const { Running, Algorithm } = fieldsOf(summary.PerpetualTune);
  const held = fieldsOf(Object.values(fieldsOf(Algorithm))[0]);
  return Running === true && held.Unit === 'W' ? numberOf(held.Target) : undefined;
};

export const stateOf = (summary: Fields, hashrateThs: number | undefined): MinerState => {
  const word = textOf(fieldsOf(summary.Status)['Operating State']) ?? '';
  if (/^idling$/i.test(word)) return 'stopped';
  if ((hashrateThs ?? 0) > 0) return 'hashing';
  if (/error|fail/i.test(word)) return 'fault';
  return /^mining$/i.test(word) ? 'idle' : 'booting';
};

export const errorCodesOf = (summary: Fields): string[] => {
  const last = textOf(fieldsOf(summary.Status)['Last Error']);
  return last === undefined ? [] : [last.slice(0, 40)];
};

export const poolsOf = (summary: Fields): ToldPool[] =>
  listOf(summary.StratumConfigs).map(({ pool, login, password }) => ({
    url: textOf(pool) ?? '',
    user: textOf(login) ?? '',
    ...(typeof password === 'string' && { password }),
  }));

export const fanMode = (summary: Fields): Fields => fieldsOf(fieldsOf(summary.Fans)['Fan Mode']);

export const fanOf = (summary: Fields): number | 'auto' | undefined => {
  const mode = fanMode(summary);
  if (mode.Auto !== undefined) return 'auto';
  if (mode.Manual === undefined) return undefined;
  const manual = fieldsOf(mode.Manual);
  return (
    numberOf(manual.speed ?? manual.Speed ?? mode.Manual) ?? numberOf(fieldsOf(summary.Fans)['Fans Speed'])
  );
};

export const ledOf = (summary: Fields): boolean | undefined => {
  const lit = fieldsOf(summary.Misc)['Locate Miner State'];
  return typeof lit === 'boolean' ? lit : undefined;
};
