import type { MinerReading, MinerState, PowerMode } from '../../../contracts/reading.ts';
import { boardValues } from '../plain-adapter.ts';
import { type Fields, listOf, maxOf, numberOf, present, scaled, sumOf, textOf } from '../values.ts';

const temp = (value: unknown) => {
  const celsius = numberOf(value);
  return celsius !== undefined && celsius > 0 ? celsius : undefined;
};
const isOn = (value: unknown) => value === true || textOf(value)?.toLowerCase() === 'on';
const withId = (entries: readonly Fields[], id: number) => entries.find((entry) => numberOf(entry.ID) === id);
const mhs = (entry: Fields | undefined) =>
  scaled(numberOf(entry?.['MHS 5s']) ?? numberOf(entry?.['MHS 1m']) ?? numberOf(entry?.['MHS av']), 1e-6);

export type Answers = {
  readonly summary: Fields;
  readonly devs: Fields;
  readonly temperature: Fields;
  readonly fan: Fields;
  readonly psu: Fields;
  readonly mode: Fields;
  readonly frequency: Fields;
};

const hottest = (entry: Fields | undefined, list: 'ChipTemp' | 'BoardTemp') =>
  maxOf(listOf(entry?.[list]).map((sensor) => temp(sensor.Temperature)));

/** Of `/frequency`, which lists every chip: those that have a clock. A board that is off has no list. */
const clockedChips = (board: Fields | undefined) =>
  Array.isArray(board?.ChipFrequency)
    ? listOf(board.ChipFrequency).filter((chip) => (numberOf(chip.Frequency) ?? 0) > 0).length
    : undefined;

/** The speed that a fan is to have of its highest, as pyasic takes it (`config/fans.py`), %. */
const dutyOf = (fan: Fields | undefined) => {
  const { Target: target, Max: max } = fan ?? {};
  const highest = numberOf(max) ?? 0;
  const duty = highest > 0 ? scaled(numberOf(target), 100 / highest) : undefined;
  return duty === undefined ? undefined : Math.round(duty);
};

/** Every chip's clock of every board, as one mean. */
const meanClock = (answer: Fields) => {
  const clocks = listOf(answer.Frequency)
    .flatMap((board) => listOf(board.ChipFrequency))
    .flatMap((chip) => numberOf(chip.Frequency) ?? []);
  return clocks.length === 0 ? undefined : (sumOf(clocks) ?? 0) / clocks.length;
};

/**
 * `SUMMARY` and `DEVS` in MH/s; boards count from 1, and 0 is the control board, which of a machine cooled by water tells the temperature
 * of what flows in (robertfiesler-spec/Mining-Guardian, `clients/auradine_client.py`, read from an AH3880).
 */
export const parseValues = (answers: Answers): MinerReading['values'] => {
  const summary = listOf(answers.summary.SUMMARY)[0] ?? {};
  const devs = listOf(answers.devs.DEVS);
  const heat = listOf(answers.temperature.Temperature);
  const clocks = listOf(answers.frequency.Frequency);
  const fans = listOf(answers.fan.Fan).toSorted(
    (one, other) => (numberOf(one.ID) ?? 0) - (numberOf(other.ID) ?? 0),
  );
  const boards = [1, 2, 3].map((id) => ({
    hashrateThs: mhs(withId(devs, id)),
    chipTempC: hottest(withId(heat, id), 'ChipTemp'),
    boardTempC: hottest(withId(heat, id), 'BoardTemp') ?? temp(withId(devs, id)?.Temperature),
    chips: clockedChips(withId(clocks, id)),
  }));
  const supplies = listOf(answers.psu.PSU);
  const { Mode: mode, Tune: tune, Power: power, Ths: ths } = listOf(answers.mode.Mode)[0] ?? {};
  // Both figures stay beside one another, and `Tune` says which of them holds.
  const target = textOf(mode)?.toLowerCase() === 'custom' ? textOf(tune)?.toLowerCase() : undefined;
  return {
    ...boardValues(boards),
    ...present({
      hashrateThs: mhs(summary) ?? sumOf(boards.map((board) => board.hashrateThs)),
      expectedHashrateThs: target === 'ths' ? numberOf(ths) : undefined,
      powerW: sumOf(supplies.map((supply) => numberOf(supply.PowerIn))) ?? numberOf(summary.Wattage),
      powerLimitW: target === 'power' ? numberOf(power) : undefined,
      inletTempC: temp(withId(heat, 0)?.InletTemp),
      boardTempC: maxOf(boards.map((board) => board.boardTempC)),
      chipTempC: maxOf(boards.map((board) => board.chipTempC)),
      fan1Rpm: numberOf(fans[0]?.Speed),
      fan2Rpm: numberOf(fans[1]?.Speed),
      fan3Rpm: numberOf(fans[2]?.Speed),
      fan4Rpm: numberOf(fans[3]?.Speed),
      fanDutyPct: dutyOf(fans[0]),
      frequencyMhz: meanClock(answers.frequency),
      voltageV: maxOf(supplies.map((supply) => numberOf(supply.Vout))),
      acceptedShares: numberOf(summary.Accepted),
      rejectedShares: numberOf(summary.Rejected),
      staleShares: numberOf(summary.Stale),
      hardwareErrors: numberOf(summary['Hardware Errors']),
      uptimeS: numberOf(summary.Elapsed),
    }),
  };
};

export const modeWords = { low: 'eco', normal: 'normal', high: 'turbo' } as const;

/** Absent for `custom`, which has a target of its own. */
export const modeOf = (answer: Fields): PowerMode | undefined => {
  const word = textOf(listOf(answer.Mode)[0]?.Mode)?.toLowerCase();
  return (['low', 'normal', 'high'] as const).find((mode) => modeWords[mode] === word);
};
export const isAsleep = (answer: Fields) => isOn(listOf(answer.Mode)[0]?.Sleep);

const bootS = 300;

export const stateOf = ({ hashrateThs, uptimeS }: MinerReading['values'], asleep: boolean): MinerState => {
  if (asleep) return 'stopped';
  if ((hashrateThs ?? 0) > 0) return 'hashing';
  return uptimeS === undefined || uptimeS < bootS ? 'booting' : 'idle';
};
