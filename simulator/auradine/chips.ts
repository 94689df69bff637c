import type { BoardView, FirmwareView } from '../site/firmware-view.ts';

type Figure = { readonly list: string; readonly name: string; readonly of: (board: BoardView) => number };
const hundredth = (value: number) => Math.round(value * 100) / 100;

/** One entry for each chip of a board, or null where the board is off (the maker's “Teraflux API Reference”). */
const each = (board: BoardView, chips: number, name: string, of: (chip: number) => number) =>
  board.chipC.length === 0 ? null : Array.from({ length: chips }, (_, ID) => ({ ID, [name]: of(ID) }));

const perChip = ({ boards }: FirmwareView, chips: number, { list, name, of }: Figure) =>
  boards.map((board, index) => ({
    ID: index + 1,
    Name: `Hash Board ${index + 1}`,
    [list]: each(board, chips, name, () => of(board)),
  }));

/** Chips have no clock while nothing hashes. */
export const clocks = (view: FirmwareView, chips: number) =>
  perChip(view, chips, {
    list: 'ChipFrequency',
    name: 'Frequency',
    of: ({ frequencyMhz }) => hundredth(frequencyMhz),
  });

export const voltages = (view: FirmwareView, chips: number) =>
  perChip(view, chips, { list: 'ChipVoltage', name: 'Voltage', of: () => view.voltageV / 44 });

/** The control board is 0; chips take turns at the temperatures along the air's way. */
export const temperatures = (view: FirmwareView, chips: number) => [
  {
    ID: 0,
    Name: 'Control Board',
    BoardTemp: [{ ID: 0, Temperature: hundredth(view.inletC) }],
    ChipTemp: null,
  },
  ...view.boards.map((board, index) => ({
    ID: index + 1,
    Name: `Hash Board ${index + 1}`,
    BoardTemp: [view.inletC, board.boardC].map((Temperature, ID) => ({ ID, Temperature })),
    ChipTemp: each(board, chips, 'Temperature', (chip) => board.chipC[chip % board.chipC.length] ?? 0),
  })),
];
