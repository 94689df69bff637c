import type { BoardView, FirmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { type AvalonFirmware, modeNumber } from './firmware.ts';

const round = (value: number) => String(Math.round(value));
const ghs = (ths: number) => (ths * 1000).toFixed(2);
const list = (values: readonly (string | number)[]) => values.join(' ');

/** A board that is away reads its sensors as absolute zero. */
const noSensor = '-273';

/** Bits of a board's ECHU: what the firmware senses of it. */
const tooHot = 64;
const coreTestFailed = 512;
const boardError = (miner: SimulatedMiner, board: BoardView) =>
  board.chipC.length === 0 ? coreTestFailed : (board.chipC[0] ?? 0) > miner.model.throttleChipC ? tooHot : 0;

const hottest = (board: BoardView) => (board.chipC.length ? round(Math.max(...board.chipC)) : noSensor);
const average = (board: BoardView) =>
  board.chipC.length ? board.chipC.reduce((sum, value) => sum + value, 0) / board.chipC.length : undefined;

/** `PS[error, control board V/100, boards V/100, boards A, boards W, set V/100 (, wall W)]`. */
const supply = (miner: SimulatedMiner, view: FirmwareView, firmware: AvalonFirmware) => {
  const hashing = view.voltageV > 0;
  const boardsW = hashing ? Math.max(view.powerW - 60, 0) * 0.95 : 0;
  const amperes = view.voltageV > 0 ? boardsW / view.voltageV : 0;
  const fields = [
    miner.has('bad_psu') ? 32 : 0,
    1212,
    round(view.voltageV * 100),
    round(amperes),
    round(boardsW),
    round(miner.model.voltageV * 100),
  ];
  return list(firmware.wallPower === 'none' ? fields : [...fields, round(view.powerW)]);
};

/** Temperatures of all chips of a board, from the sensors that the view has. */
const chipTemperatures = (board: BoardView, chips: number) => {
  const [most = 0, least = most] = [Math.max(...board.chipC), Math.min(...board.chipC)];
  return board.chipC.length === 0
    ? ''
    : list(Array.from({ length: chips }, (_, chip) => round(least + ((most - least) * chip) / (chips - 1))));
};

/** One number for every chip of a board that is there. */
const eachChip = (board: BoardView, chips: number, value: number) =>
  board.chipC.length === 0 ? '' : list(Array.from({ length: chips }, () => value));

/**
 * Lists with a number for each chip of a board: °C, mV and how much work it has done. Between its chips the boards' voltage divides; work
 * is counted since the start.
 */
const chipLists = (miner: SimulatedMiner, view: FirmwareView, board: BoardView, index: number) => {
  const chips = miner.model.chipsPerBoard;
  const millivolts = Math.round((1000 * view.voltageV) / (chips / 3));
  const live = view.boards.filter((each) => each.chips > 0).length;
  const works = Math.round((view.accepted * 100) / Math.max(live * chips, 1));
  return [
    `PVT_T${index}[${chipTemperatures(board, chips)}]`,
    `PVT_V${index}[${eachChip(board, chips, millivolts)}]`,
    `MW${index}[${eachChip(board, chips, works)}]`,
  ];
};

/**
 * Everything that the module says of itself, `Key[values]` after `Key[values]`. `boards` adds every chip's temperature, which
 * later firmware says apart.
 */
export const moduleFigures = (
  miner: SimulatedMiner,
  view: FirmwareView,
  firmware: AvalonFirmware,
  ledOn: boolean,
): string => {
  const { boards } = view;
  const asleep = !miner.settings.hashing || miner.settings.mode === 'sleep';
  const working = view.phase === 'hashing' || view.phase === 'ramping';
  const state = asleep || view.phase === 'tripped' ? 'In Idle' : working ? 'In Work' : 'In Init';
  const live = boards.filter((board) => board.chips > 0);
  const chipMeans = live.map(average).filter((value) => value !== undefined);
  const mean = chipMeans.length ? chipMeans.reduce((sum, value) => sum + value, 0) / chipMeans.length : 0;
  const [first = 'Ver', ...heads] =
    firmware.figures === 'nested'
      ? [
          `Ver[${firmware.model}-${firmware.version}]`,
          `LVer[${firmware.version}]`,
          'FW[Release]',
          `STATE[${asleep ? 2 : 1}]`,
        ]
      : [`Ver[${firmware.model}-${firmware.version}]`];
  const inlet =
    firmware.figures === 'nested'
      ? [
          `ITemp[${round(view.inletC)}]`,
          `HBITemp[${round(view.inletC + 8)}]`,
          `HBOTemp[${round(mean || view.inletC)}]`,
        ]
      : [`Temp[${round(view.inletC)}]`];
  const perBoard = boards.flatMap((board, index) => [
    `SF${index}[${list([0.94, 0.98, 1.02, 1.06].map((share) => round(miner.model.frequencyMhz * share)))}]`,
    ...(firmware.figures === 'line' ? chipLists(miner, view, board, index) : []),
  ]);
  return [
    first,
    ...heads,
    `DNA[${dnaOf(miner)}]`,
    'MEMFREE[1392832.1381104]',
    'NETFAIL[0 0 0 0 0 0 0 0]',
    `SYSTEMSTATU[Work: ${state}, Hash Board: ${live.length} ]`,
    `Elapsed[${view.uptimeS}]`,
    'BOOTBY[0x04.00000000]',
    `LW[${view.accepted * 100}]`,
    `MH[${list(boards.map(() => 0))}]`,
    'DHW[0]',
    `HW[${view.hardwareErrors}]`,
    'DH[1.299%]',
    ...inlet,
    `TMax[${live.length ? round(view.hottestC) : 0}]`,
    `TAvg[${round(mean)}]`,
    ...view.fanRpm.map((rpm, index) => `Fan${index + 1}[${rpm}]`),
    `FanR[${view.fanDutyPct}%]`,
    `Vo[${round(view.voltageV * 25)}]`,
    `PS[${supply(miner, view, firmware)}]`,
    ...(firmware.wallPower === 'field' ? [`WALLPOWER[${round(view.powerW)}]`] : []),
    `GHSspd[${ghs(view.hashrateThs)}]`,
    'DHspd[1.299%]',
    `GHSmm[${ghs(view.idealThs)}]`,
    `GHSavg[${ghs(view.averageThs)}]`,
    `WU[${round(view.averageThs * 13_970)}.00]`,
    `Freq[${view.frequencyMhz.toFixed(2)}]`,
    ...(firmware.figures === 'nested' ? ['LED[0-0]'] : [`Led[${ledOn ? 1 : 0}]`]),
    `MGHS[${list(boards.map((board) => ghs(board.hashrateThs)))}]`,
    `MTmax[${list(boards.map(hottest))}]`,
    `MTavg[${list(boards.map((board) => (board.chipC.length ? round(average(board) ?? 0) : noSensor)))}]`,
    `TA[${boards.reduce((sum, board) => sum + board.chips, 0)}]`,
    `Core[${firmware.core}]`,
    'PING[32]',
    'POWS[0]',
    `HASHS[${list(boards.map((board) => (board.chipC.length === 0 ? 1 : 0)))}]`,
    `POOLS[${view.pools.some((pool) => pool.active) ? 0 : 1}]`,
    `SoftOFF[${asleep ? firmware.softOff : 0}]`,
    `ECHU[${list(boards.map((board) => boardError(miner, board)))}]`,
    `ECMM[${view.fanRpm.some((rpm) => rpm === 0) ? 4 : 0}]`,
    ...perBoard,
    `CRC[${list(boards.map(() => 0))}]`,
    `MPO[${round(miner.model.powerW)}]`,
    `WORKMODE[${modeNumber(firmware, miner.settings.mode)}]`,
    ...(firmware.figures === 'nested' ? ['WORKLEVEL[0]'] : []),
  ].join(' ');
};

/** `HBinfo`: each board's chips, as asic-rs recorded them of an Avalon Q. */
export const boardFigures = (miner: SimulatedMiner, view: FirmwareView) =>
  view.boards
    .map((board, index) => `'HB${index}':{${chipLists(miner, view, board, index).join(' ')}}`)
    .join(',');

/** Canaan's number of a machine. */
export const dnaOf = ({ identity }: SimulatedMiner) =>
  `02010000${(identity.index + 0x17cd_f409).toString(16).padStart(8, '0')}`;
