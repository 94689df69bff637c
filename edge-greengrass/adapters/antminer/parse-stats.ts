import type { MinerReading } from '../../../contracts/reading.ts';
import { type Fields, fieldsOf, listOf, maxOf, numberOf, present, scaled, sumOf, textOf } from '../values.ts';

export type AntminerStats = {
  readonly model: string | undefined;
  readonly firmware: string | undefined;
  readonly values: MinerReading['values'];
  /** False where the miner sleeps: it answers, with nothing in the list. */
  readonly reported: boolean;
};

type Board = {
  readonly hashrateThs: number | undefined;
  readonly chips: number | undefined;
  readonly chipTempC: number | undefined;
  readonly boardTempC: number | undefined;
};

/** TH/s in one of the firmware's rate units; `GH` where it names none. */
const perThs = (unit: unknown) => {
  const word = textOf(unit)?.toUpperCase() ?? 'GH';
  if (word.startsWith('TH')) return 1;
  if (word.startsWith('MH')) return 1e-6;
  return 1e-3;
};

/** `"78-50-69-70"` or a list: sensors of one board. Zero and below is a sensor that is not there. */
const sensors = (value: unknown): readonly number[] => {
  const parts = Array.isArray(value) ? value : typeof value === 'string' ? value.split('-') : [value];
  return parts.map(numberOf).filter((temp) => temp !== undefined && temp > 0 && temp < 250) as number[];
};

/** A board slot without chips is not fitted: its zeros are placeholders. */
const flatBoard = (stats: Fields, slot: number, rate: number): Board | undefined => {
  const chips = numberOf(stats[`chain_acn${slot}`]);
  const hashrateThs = scaled(numberOf(stats[`chain_rate${slot}`]), rate);
  if (chips === undefined && hashrateThs === undefined) return undefined;
  const chipTempC =
    maxOf(sensors(stats[`temp_chip${slot}`])) ??
    maxOf([...sensors(stats[`temp2_${slot}`]), ...sensors(stats[`temp3_${slot}`])]);
  const boardTempC = maxOf(sensors(stats[`temp_pcb${slot}`])) ?? maxOf(sensors(stats[`temp${slot}`]));
  return { hashrateThs, chips, chipTempC, boardTempC };
};

const chainBoard = (chain: Fields, rate: number): Board => ({
  hashrateThs: scaled(numberOf(chain.rate_real), rate),
  chips: numberOf(chain.asic_num),
  chipTempC: maxOf(sensors(chain.temp_chip)),
  boardTempC: maxOf(sensors(chain.temp_pcb)),
});

const boardsOf = (stats: Fields, rate: number): readonly (Board | undefined)[] => {
  const chains = listOf(stats.chain);
  if (chains.length > 0)
    return [0, 1, 2].map((index) => {
      const chain = chains.find((candidate) => numberOf(candidate.index) === index) ?? chains[index];
      return chain && chainBoard(chain, rate);
    });
  return slotsOf(stats).map((slot) => flatBoard(stats, slot, rate));
};

/** An S9 has its three boards in slots 6 to 8 of sixteen; everything later counts from 1. */
const slotsOf = (stats: Fields) => {
  const s9 = [6, 7, 8];
  return s9.some((slot) => (numberOf(stats[`chain_acn${slot}`]) ?? 0) > 0) ? s9 : [1, 2, 3];
};

const eightPlaces = [1, 2, 3, 4, 5, 6, 7, 8];

/**
 * Fans in their order. An S9 tells eight places, of which `fan_num` are taken, and not which: those that turn come first, and
 * what is missing of `fan_num` stands.
 */
const fansOf = (stats: Fields): readonly (number | undefined)[] => {
  const told = eightPlaces.map((place) => numberOf(stats[`fan${place}`]));
  if (told[4] === undefined)
    return told.map((rpm, at) => rpm ?? (Array.isArray(stats.fan) ? numberOf(stats.fan[at]) : undefined));
  const turning = told.filter((rpm) => rpm !== undefined && rpm > 0);
  const standing = Math.min(Math.max((numberOf(stats.fan_num) ?? 0) - turning.length, 0), 4);
  return [...turning, ...Array.from({ length: standing }, () => 0)];
};

/**
 * Readings of an Antminer's `stats` answer: the flat one of RPC port 4028 and the nested one of `new_api` and
 * `stats.cgi`. Hashrates come in GH/s unless `rate_unit` says otherwise; temperatures in °C; power in W.
 */
export const parseStats = (answer: Fields): AntminerStats => {
  const entries = listOf(answer.STATS);
  const head = entries.find((entry) => textOf(entry.Type) !== undefined) ?? fieldsOf(answer.INFO);
  const stats = entries.find((entry) => numberOf(entry.Elapsed ?? entry.elapsed) !== undefined) ?? {};
  const rate = perThs(stats.rate_unit);
  const [board1, board2, board3] = boardsOf(stats, rate);
  const boards = [board1, board2, board3];
  const fans = fansOf(stats);
  const frequency =
    numberOf(stats.total_freqavg) ??
    numberOf(stats.frequency) ??
    maxOf(listOf(stats.chain).map((chain) => numberOf(chain.freq_avg)));
  const powers = [1, 2, 3].map((slot) => numberOf(stats[`chain_power${slot}`]));
  const ghs = numberOf(stats['GHS 5s']);
  return {
    model: textOf(head.Type) ?? textOf(head.type),
    firmware: textOf(head.Miner) ?? textOf(head.miner_version) ?? textOf(stats.miner_version),
    reported: Object.keys(stats).length > 0,
    values: present({
      hashrateThs: ghs === undefined ? scaled(numberOf(stats.rate_5s), rate) : ghs * 1e-3,
      expectedHashrateThs: scaled(numberOf(stats.total_rateideal) ?? numberOf(stats.rate_ideal), rate),
      powerW: numberOf(stats.chain_power) ?? numberOf(stats.watt) ?? numberOf(stats.power) ?? sumOf(powers),
      boardTempC: maxOf(boards.map((board) => board?.boardTempC)),
      chipTempC: maxOf(boards.map((board) => board?.chipTempC)),
      fan1Rpm: fans[0],
      fan2Rpm: fans[1],
      fan3Rpm: fans[2],
      fan4Rpm: fans[3],
      fanDutyPct: numberOf(stats.fan_pwm),
      frequencyMhz: frequency,
      board1HashrateThs: board1?.hashrateThs,
      board2HashrateThs: board2?.hashrateThs,
      board3HashrateThs: board3?.hashrateThs,
      board1ChipTempC: board1?.chipTempC,
      board2ChipTempC: board2?.chipTempC,
      board3ChipTempC: board3?.chipTempC,
      board1Chips: board1?.chips,
      board2Chips: board2?.chips,
      board3Chips: board3?.chips,
      hardwareErrors: numberOf(stats.no_matching_work) ?? numberOf(stats['Hardware Errors']),
      uptimeS: numberOf(stats.Elapsed) ?? numberOf(stats.elapsed),
    }),
  };
};
