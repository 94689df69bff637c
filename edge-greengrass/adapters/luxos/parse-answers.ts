import type { MinerReading, MinerState } from '../../../contracts/reading.ts';
import { boardValues } from '../plain-adapter.ts';
import { type Fields, fieldsOf, listOf, maxOf, numberOf, present, scaled, sumOf, textOf } from '../values.ts';

const places = [1, 2, 3] as const;

/** The first entry of an answer's table. */
export const rowOf = (answer: Fields, table: string): Fields => listOf(answer[table])[0] ?? {};

/** Sensors at the corners of a board, "47-34-34-47"; 0 where there is none. */
const corners = (value: unknown) =>
  (textOf(value) ?? '').split('-').flatMap((part) => {
    const celsius = numberOf(part);
    return celsius === undefined || celsius === 0 ? [] : [celsius];
  });

/**
 * `stats` tells hashrates in GH/s, those of boards as text. Its temp_chip columns repeat the board sensors; sensors of chips, where a
 * machine has them, are in `temps`.
 */
const parseStats = (answer: Fields) => {
  const stats = listOf(answer.STATS).find((entry) => entry.Elapsed !== undefined) ?? {};
  const boards = places.map((place) => ({
    hashrateThs: scaled(numberOf(stats[`chain_rate${place}`]), 1e-3),
    chips: numberOf(stats[`chain_acn${place}`]),
  }));
  return {
    ...boardValues(boards),
    ...present({
      hashrateThs: scaled(numberOf(stats['GHS 5s']), 1e-3),
      expectedHashrateThs: scaled(numberOf(stats.total_rateideal), 1e-3),
      boardTempC: maxOf(places.flatMap((place) => corners(stats[`temp_pcb${place}`]))),
      fan1Rpm: numberOf(stats.fan1),
      fan2Rpm: numberOf(stats.fan2),
      fan3Rpm: numberOf(stats.fan3),
      fan4Rpm: numberOf(stats.fan4),
      frequencyMhz: numberOf(stats.frequency),
      hardwareErrors: sumOf(places.map((place) => numberOf(stats[`chain_hw${place}`]))),
      uptimeS: numberOf(stats.Elapsed),
    }),
  };
};

const labelOf = (temps: Fields, name: string) => textOf(fieldsOf(rowOf(temps, 'METADATA')[name]).Label) ?? '';
const isOnChip = (temps: Fields, name: string) => /chip/i.test(name) || /chip/i.test(labelOf(temps, name));

/**
 * The hottest chip of each of the first three boards. Only some machines have sensors there, and their names or labels say `Chip`: `Chip` of an
 * S9 (remote diode) and of a Whatsminer (hottest die), `TopLeftChip` and the like of an S19a, "Chip (Max)" (docs.luxor.tech, temps). Of all
 * others nothing is told, since LuxOS estimates no chips by their boards. `ID` counts boards from 0.
 */
const chipsC = (temps: Fields) =>
  places.map((place) => {
    const board = listOf(temps.TEMPS).find((row) => numberOf(row.ID) === place - 1) ?? {};
    const measured = Object.keys(board)
      .filter((name) => isOnChip(temps, name))
      .map((name) => numberOf(board[name]));
    return maxOf(measured.filter((celsius) => celsius !== undefined && celsius > 0));
  });

/** The coolest sensor at an intake; the page's own legend says which corners those are. */
const intakeC = (temps: Fields) => {
  const names = Object.keys(rowOf(temps, 'METADATA')).filter(
    (name) => /intake/i.test(labelOf(temps, name)) && !isOnChip(temps, name),
  );
  const measured = listOf(temps.TEMPS).flatMap((board) =>
    names.flatMap((name) => {
      const celsius = numberOf(board[name]);
      return celsius === undefined || celsius === 0 ? [] : [celsius];
    }),
  );
  return measured.length === 0 ? undefined : Math.min(...measured);
};

export type Answers = Readonly<Record<'stats' | 'power' | 'fans' | 'temps' | 'voltage', Fields>>;

export const parseValues = ({ stats, power, fans, temps, voltage }: Answers): MinerReading['values'] => {
  const chips = chipsC(temps);
  return {
    ...parseStats(stats),
    ...boardValues(chips.map((chipTempC) => ({ chipTempC }))),
    ...present({
      powerW: numberOf(rowOf(power, 'POWER').Watts),
      inletTempC: intakeC(temps),
      chipTempC: maxOf(chips),
      fanDutyPct: dutyOf(fans),
      voltageV: numberOf(rowOf(voltage, 'VOLTAGE').Voltage),
    }),
  };
};

const dutyOf = (fans: Fields) => maxOf(listOf(fans.FANS).map((fan) => numberOf(fan.Speed)));

/** `tempctrl` tells whether the duty of `fans` was set by somebody. */
export const fanOf = (tempctrl: Fields, fans: Fields): number | 'auto' | undefined => {
  const mode = textOf(rowOf(tempctrl, 'TEMPCTRL').Mode)?.toLowerCase();
  if (mode === 'automatic') return 'auto';
  return mode === 'manual' ? dutyOf(fans) : undefined;
};

/** By the curtailment that `config` tells, asked where nothing is hashed. */
export const stateOf = (hashrateThs: number | undefined, config: Fields): MinerState => {
  const curtailed = textOf(rowOf(config, 'CONFIG').CurtailMode)?.toLowerCase() ?? 'none';
  if (curtailed.includes('sleep')) return 'stopped';
  if ((hashrateThs ?? 0) > 0) return 'hashing';
  return curtailed.includes('wak') ? 'booting' : 'idle';
};

export const ledOf = (config: Fields): boolean | undefined => {
  const red = textOf(rowOf(config, 'CONFIG').RedLed)?.toLowerCase();
  return red === undefined ? undefined : red === 'blink';
};

export const errorCodesOf = (events: Fields): string[] => {
  const codes = listOf(events.EVENTS).flatMap((event) => textOf(event.Code) ?? []);
  return [...new Set(codes)].filter((code) => code.length <= 40).slice(0, 32);
};

/** Pools in the order of their priority, for groups share the work and each is in the order of its own. */
export const byPriority = (answer: Fields): Fields => ({
  ...answer,
  ...(Array.isArray(answer.POOLS) && {
    POOLS: listOf(answer.POOLS).toSorted(
      (one, other) => (numberOf(one.Priority) ?? 0) - (numberOf(other.Priority) ?? 0),
    ),
  }),
});
