import type { BoardView, FirmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import type { Row } from './rpc-reports.ts';

const sensorBelowChipC = 18;
const round = (value: number) => Number(value.toFixed(2));
const hottest = (board: BoardView | undefined, belowC: number) =>
  board && board.chipC.length > 0 ? Math.round(Math.max(...board.chipC) - belowC) : 0;

/** Where boards and fans are plugged in: an S9's boards stand in slots 6 to 8 of 16, its fans at 3 and 6 of 8. */
const places = (miner: SimulatedMiner) =>
  miner.identity.model === 'Antminer S9'
    ? { slots: 16, firstSlot: 6, fans: 8, fanAt: [3, 6] }
    : { slots: 4, firstSlot: 1, fans: 4, fanAt: [1, 2, 3, 4] };

/** The second entry of `stats` on machines before the S19: rates of boards as text, and neither power nor `temp_chip`. */
export const formStatsRow = (miner: SimulatedMiner, view: FirmwareView): Row => {
  const { slots, firstSlot, fans, fanAt } = places(miner);
  const numbers = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
  const each = (name: string, of: (board: BoardView | undefined) => string | number) =>
    Object.fromEntries(numbers(slots).map((slot) => [`${name}${slot}`, of(view.boards[slot - firstSlot])]));
  return {
    STATS: 0,
    ID: 'BC50',
    Elapsed: view.elapsedS,
    Calls: 0,
    Wait: 0,
    Max: 0,
    Min: 99_999_999,
    'GHS 5s': String(round(view.hashrateThs * 1000)),
    'GHS av': round(view.averageThs * 1000),
    miner_count: miner.model.boards,
    frequency: String(Math.round(view.frequencyMhz)),
    fan_num: view.fanRpm.length,
    ...Object.fromEntries(numbers(fans).map((fan) => [`fan${fan}`, view.fanRpm[fanAt.indexOf(fan)] ?? 0])),
    temp_num: miner.model.boards,
    ...each('temp', (board) => hottest(board, sensorBelowChipC)),
    ...each('temp2_', (board) => hottest(board, 0)),
    ...(firstSlot === 1 && each('temp3_', (board) => hottest(board, 3))),
    ...each('freq_avg', (board) => round(board?.frequencyMhz ?? 0)),
    total_rateideal: round(view.idealThs * 1000),
    total_freqavg: round(view.frequencyMhz),
    total_acn: view.boards.reduce((sum, board) => sum + board.chips, 0),
    total_rate: round(view.hashrateThs * 1000),
    ...each('chain_rateideal', (board) => round((board?.idealThs ?? 0) * 1000)),
    temp_max: hottest(view.boards[0], sensorBelowChipC),
    'Device Hardware%': 0,
    no_matching_work: view.hardwareErrors,
    ...each('chain_acn', (board) => board?.chips ?? 0),
    ...each('chain_acs', (board) => (board && board.chips > 0 ? ' oooooooo' : '')),
    ...each('chain_hw', (board) => board?.hardwareErrors ?? 0),
    ...each('chain_rate', (board) => (board ? (board.hashrateThs * 1000).toFixed(2) : '')),
    miner_version: '30.0.1.3',
    miner_id: miner.identity.serialNumber,
  };
};

export const isFormGeneration = (miner: SimulatedMiner) => /\bS(?:9|17)$/.test(miner.identity.model);
