import type { BoardView, FirmwareView } from '../site/firmware-view.ts';

const slots = [0, 1, 2, 3] as const;
const pcbBelowChipC = 5;
const picBelowPcbC = 10;

const dashed = (values: readonly number[], belowC: number) =>
  values.length === 0 ? '0-0-0-0' : values.map((value) => Math.round(value - belowC)).join('-');

/** A letter per chip, in groups of three: o answers, x does not. */
const chipLetters = (chips: number) =>
  ' ooo'.repeat(Math.floor(chips / 3)) + (chips % 3 ? ` ${'o'.repeat(chips % 3)}` : '');

const hottest = (board: BoardView | undefined, belowC: number) =>
  board && board.chipC.length > 0 ? Math.round(Math.max(...board.chipC) - belowC) : 0;

/**
 * The per-chain fields of an Antminer's `stats`, for four slots of which the last stands empty: counts and frequencies
 * are numbers, rates are strings and empty for an empty slot, sensors are joined by dashes.
 */
export const chainFields = (view: FirmwareView): Record<string, string | number> => {
  const fields: Record<string, string | number> = {};
  const each = (name: string, of: (board: BoardView | undefined) => string | number) => {
    for (const slot of slots) fields[`${name}${slot + 1}`] = of(view.boards[slot]);
  };
  each('freq', (board) => Math.round(board?.frequencyMhz ?? 0));
  each('chain_acn', (board) => board?.chips ?? 0);
  each('chain_acs', (board) => chipLetters(board?.chips ?? 0));
  each('chain_hw', (board) => board?.hardwareErrors ?? 0);
  each('chain_rate', (board) => (board ? (board.hashrateThs * 1000).toFixed(2) : ''));
  each('temp_chip', (board) => dashed(board?.chipC ?? [], 0));
  each('temp_pcb', (board) => dashed(board?.chipC ?? [], pcbBelowChipC));
  each('temp_pic', (board) => dashed(board?.chipC ?? [], pcbBelowChipC + picBelowPcbC));
  for (const slot of slots.slice(0, 3)) {
    fields[`temp${slot + 1}`] = hottest(view.boards[slot], pcbBelowChipC);
    fields[`temp2_${slot + 1}`] = hottest(view.boards[slot], 0);
  }
  return fields;
};

/** The same for the HTTP pages and `new_api`: one object per chain, numbers in lists. */
export const chainObjects = (view: FirmwareView) =>
  view.boards.map((board, index) => ({
    index,
    freq_avg: Math.round(board.frequencyMhz),
    rate_ideal: board.idealThs * 1000,
    rate_real: Number((board.hashrateThs * 1000).toFixed(2)),
    asic_num: board.chips,
    asic: chipLetters(board.chips),
    temp_pic: board.chipC.map((value) => Math.round(value - pcbBelowChipC - picBelowPcbC)),
    temp_pcb: board.chipC.map((value) => Math.round(value - pcbBelowChipC)),
    temp_chip: board.chipC.map((value) => Math.round(value)),
    hw: board.hardwareErrors,
    eeprom_loaded: board.chipC.length > 0,
    sn: board.serial,
  }));
