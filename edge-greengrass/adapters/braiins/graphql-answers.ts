import type { MinerReading, MinerState } from '../../../contracts/reading.ts';
import { boardPlaces, mean, minOf } from '../board-places.ts';
import { boardValues } from '../plain-adapter.ts';
import { type Fields, fieldsOf, listOf, maxOf, numberOf, present, scaled, sumOf, textOf } from '../values.ts';
import type { TunerTarget } from './dialect.ts';

const infoOf = (data: Fields) => fieldsOf(fieldsOf(data.bosminer).info);
const configOf = (data: Fields) => fieldsOf(fieldsOf(data.bosminer).config);
const mhs = (value: unknown) => scaled(numberOf(value), 1e-6);
const nowThs = (solver: Fields) => mhs(fieldsOf(solver.realHashrate).mhs5S);

const parseBoard = (board: Fields) => {
  const hardware = fieldsOf(board.hwDetails);
  const warm = (...names: string[]) =>
    maxOf(
      listOf(board.temperatures)
        .filter((entry) => names.includes(textOf(entry.name) ?? ''))
        .map((entry) => numberOf(entry.degreesC)),
    );
  return {
    hashrateThs: nowThs(board),
    chipTempC: warm('Chip', 'Max Chip'),
    chips: numberOf(hardware.chips),
    boardTempC: warm('Board', 'Max Board'),
    inletTempC: warm('Inlet'),
    frequencyMhz: numberOf(hardware.frequencyMhz),
    voltageV: numberOf(hardware.voltageV),
  };
};

/** Of answers to queries with `bos` and `bosminer.info`; hashrates are in MH/s. */
export const parseGraphqlValues = (system: Fields, solvers: Fields): MinerReading['values'] => {
  const info = infoOf(system);
  const whole = fieldsOf(info.workSolver);
  const children = listOf(fieldsOf(infoOf(solvers).workSolver).childSolvers);
  const boards = boardPlaces(children, (board) => numberOf(board.name)).map(
    (board) => board && parseBoard(board),
  );
  const power = fieldsOf(fieldsOf(info.summary).power);
  const fans = listOf(info.fans);
  const fitted = fansOf(textOf(info.modelName));
  const fan = (name: string) => {
    const rpm = numberOf(fans.find((entry) => textOf(entry.name) === name)?.rpm);
    return rpm === 0 && Number(name) >= fitted ? undefined : rpm;
  };
  return {
    ...boardValues(boards),
    ...present({
      hashrateThs: info.workSolver === null ? 0 : (nowThs(whole) ?? sumOf(boards.map((b) => b?.hashrateThs))),
      expectedHashrateThs: mhs(whole.nominalMhs),
      powerW: numberOf(power.approxConsumptionW),
      powerLimitW: numberOf(power.limitW),
      inletTempC: minOf(boards.map((board) => board?.inletTempC)),
      boardTempC: maxOf(boards.map((board) => board?.boardTempC)),
      chipTempC: maxOf(boards.map((board) => board?.chipTempC)),
      frequencyMhz: mean(boards.map((board) => board?.frequencyMhz)),
      voltageV: maxOf(boards.map((board) => board?.voltageV)),
      fan1Rpm: fan('0'),
      fan2Rpm: fan('1'),
      fan3Rpm: fan('2'),
      fan4Rpm: fan('3'),
      fanDutyPct: maxOf(fans.map((entry) => numberOf(entry.speed))),
      uptimeS: numberOf(fieldsOf(fieldsOf(system.bos).uptime).durationS),
    }),
  };
};

/** The firmware tells of all four connectors of the control board, and of those without a fan 0 rpm. An S9 has two fans (Bitmain's manual). */
const fansOf = (model: string | undefined) => (/\bS9/i.test(model ?? '') ? 2 : 4);

/** A stopped bosminer has no solver. */
export const graphqlState = (system: Fields, hashrateThs: number | undefined): MinerState => {
  if (!infoOf(system).workSolver) return 'stopped';
  return (hashrateThs ?? 0) > 0 ? 'hashing' : 'idle';
};

/** Groups share the work; the shares of all pools are summed. */
export const parseGraphqlPools = (data: Fields) => {
  const groups = infoOf(data).poolGroups;
  if (!Array.isArray(groups)) return undefined;
  const entries = listOf(groups).flatMap((group) => listOf(group.pools));
  const active = entries.findIndex((pool) => pool.active === true);
  const sum = (name: string) => sumOf(entries.map((pool) => numberOf(fieldsOf(pool.shares)[name])));
  return {
    pools: entries.map((pool) => ({ url: textOf(pool.url) ?? '', user: textOf(pool.user) ?? '' })),
    values: present({
      acceptedShares: sum('acceptedSolutions'),
      rejectedShares: sum('rejectedSolutions'),
      poolsAlive: entries.filter((pool) => textOf(pool.status)?.toUpperCase() === 'ALIVE').length,
      activePool: active < 0 ? undefined : active,
    }),
  };
};

export const graphqlTarget = (data: Fields): TunerTarget => {
  const { mode, powerTarget, hashrateTarget, enabled } = fieldsOf(configOf(data).autotuning);
  const hashrateThs = numberOf(hashrateTarget);
  const watts = numberOf(powerTarget);
  if (enabled === false) return {};
  if (mode === 'HASHRATE_TARGET' && hashrateThs !== undefined) return { hashrateThs };
  return watts === undefined ? {} : { watts };
};

export const graphqlFan = (data: Fields): number | 'auto' | undefined => {
  const config = configOf(data);
  const mode = textOf(fieldsOf(config.tempControl).mode);
  if (mode === 'AUTO') return 'auto';
  return mode === 'MANUAL' ? numberOf(fieldsOf(config.fanControl).speed) : undefined;
};
