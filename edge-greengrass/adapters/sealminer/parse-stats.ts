import type { MinerReading, MinerState, PowerMode } from '../../../contracts/reading.ts';
import { boardValues } from '../plain-adapter.ts';
import { type Fields, listOf, maxOf, numberOf, present, scaled, sumOf, textOf } from '../values.ts';

export type SealminerStats = {
  readonly values: MinerReading['values'];
  readonly state: MinerState;
  readonly mode: PowerMode | undefined;
  readonly errorCodes: string[];
};

const bootS = 300;
/** Every hashrate of bdminer is in MH/s, whatever the member. */
const mhs = (value: unknown) => scaled(numberOf(value), 1e-6);
const count = (value: unknown, most: number) => Math.min(Math.max(Math.trunc(numberOf(value) ?? 0), 0), most);

/**
 * One board; its members are numbered from 0 in front. What asic-rs takes for the board's own sensors, wright_telemetry calls, by
 * the vendor's specification, sensors of chips; the hotter word is the safer one. 0 is a sensor that is not there.
 */
const board = (stats: Fields, at: number) => {
  const chips = numberOf(stats[`${at} Chip Count`]);
  const bad = numberOf(stats[`${at} Bad Chip Count`]) ?? 0;
  const temps = [0, 1, 2, 3].map((sensor) => numberOf(stats[`${at} Temp ${sensor}`]));
  return {
    hashrateThs: mhs(stats[`${at} MHS(Sample)`]),
    chipTempC: maxOf(temps.map((temp) => (temp !== undefined && temp > 0 ? temp : undefined))),
    chips: stats[`${at} Online`] === false ? 0 : scaled(chips === undefined ? undefined : chips - bad, 1),
    frequencyMhz: numberOf(stats[`${at} Freq`]),
  };
};

const modeOf = (value: unknown): PowerMode | undefined => {
  const word = textOf(value)?.toLowerCase() ?? '';
  if (word.startsWith('normal')) return 'normal';
  if (word.startsWith('low')) return 'low';
  return word.startsWith('high') ? 'high' : undefined;
};

/** Only `Running` is known among the words for what the power management does. */
const stateOf = (
  stats: Fields,
  values: MinerReading['values'],
  chips: number | undefined,
  hasErrors: boolean,
): MinerState => {
  if ((values.hashrateThs ?? 0) > 0) return 'hashing';
  if (values.uptimeS !== undefined && values.uptimeS < bootS) return 'booting';
  const running = textOf(stats['PM State'])?.toLowerCase() === 'running';
  if (!running && stats['PM State'] !== undefined) return hasErrors ? 'fault' : 'stopped';
  return chips === 0 ? 'fault' : 'idle';
};

/** `602`, or several with something between them. */
const codesIn = (value: unknown): string[] => {
  const text = textOf(value) ?? (numberOf(value) === undefined ? '' : String(numberOf(value)));
  const codes = text.split(/[\s,;|]+/).filter((code) => code !== '' && code.length <= 40);
  return [...new Set(codes)].slice(0, 32);
};

/**
 * bdminer's `stats`: one object with everything but the shares. Units: MH/s, °C, W, MHz, fan duty of 255. The hashrate is the
 * sum of the boards' latest samples, since `MHS av` of `summary` is the mean since the start and hides a board that died.
 */
export const parseStats = (answer: Fields): SealminerStats | undefined => {
  const stats = listOf(answer.STATS)[0];
  if (!stats) return undefined;
  const boards = Array.from({ length: count(stats['Board Count'], 16) }, (_, at) => board(stats, at));
  const fans = Array.from({ length: count(stats['Fan Count'], 4) }, (_, at) =>
    numberOf(stats[`${at} Speed`]),
  );
  const temp = numberOf(stats.Temp);
  const values = {
    ...boardValues(boards),
    ...present({
      hashrateThs: sumOf(boards.map(({ hashrateThs }) => hashrateThs)),
      expectedHashrateThs: mhs(stats['MHS(Rated)']),
      powerW: numberOf(stats['PSU Input Power']),
      powerLimitW: numberOf(stats['Power Limit']),
      boardTempC: temp !== undefined && temp > 0 ? temp : undefined,
      chipTempC: maxOf(boards.map(({ chipTempC }) => chipTempC)),
      fan1Rpm: fans[0],
      fan2Rpm: fans[1],
      fan3Rpm: fans[2],
      fan4Rpm: fans[3],
      fanDutyPct: scaled(numberOf(stats['0 PWM']), 100 / 255),
      frequencyMhz: maxOf(boards.map(({ frequencyMhz }) => frequencyMhz)),
      uptimeS: numberOf(stats['System Uptime']),
    }),
  };
  const errorCodes = codesIn(stats['Error Code']);
  return {
    values,
    errorCodes,
    mode: modeOf(stats['Mining Mode']),
    state: stateOf(stats, values, maxOf(boards.map(({ chips }) => chips)), errorCodes.length > 0),
  };
};

/** Shares and errors since the mining process began, from `summary`. */
export const parseSummary = (answer: Fields): MinerReading['values'] => {
  const summary = listOf(answer.SUMMARY)[0] ?? {};
  return present({
    acceptedShares: numberOf(summary.Accepted),
    rejectedShares: numberOf(summary.Rejected),
    staleShares: numberOf(summary.Stale),
    hardwareErrors: numberOf(summary['Hardware Errors']),
  });
};
