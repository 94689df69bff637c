import type { FirmwareView } from '../site/firmware-view.ts';
import type { Mode } from '../site/settings.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { clocks, temperatures, voltages } from './chips.ts';
import { light } from './led.ts';

export const description = 'FluxOS-2024-06.11-d37c5dd4a7f8e4837e63dc99e577620cb5e9361d';
export const version = '2024-06.11';

/** One answer: a section with its rows, and the status code that the firmware numbers it by. */
export type Report = {
  readonly section: string;
  readonly code: number;
  readonly msg: string;
  readonly rows: readonly unknown[];
};

const mhs = (ths: number) => ths * 1e6;
const hundredth = (value: number) => Math.round(value * 100) / 100;

/** FluxOS's words for the modes; `custom` is a target of power or hashrate. */
export const modeWords: Readonly<Record<Mode, string>> = {
  low: 'eco',
  normal: 'normal',
  high: 'turbo',
  sleep: 'normal',
};

/** The answers of cgminer's port, in JSON only. */
export const rpcReport = (command: string, miner: SimulatedMiner, view: FirmwareView): Report | undefined => {
  switch (command) {
    case 'version':
      return {
        section: 'VERSION',
        code: 22,
        msg: 'GCMiner versions',
        rows: [{ GCMiner: version, API: '1.0' }],
      };
    case 'summary':
      return { section: 'SUMMARY', code: 11, msg: 'Summary', rows: [summary(view)] };
    case 'devs':
      return {
        section: 'DEVS',
        code: 9,
        msg: `${view.boards.length} Dev(s)`,
        rows: view.boards.map((board, index) => ({
          DEV: index + 1,
          Name: 'ASICBoard',
          ID: index + 1,
          Enabled: true,
          Status: board.chipC.length > 0 ? 'Alive' : 'Dead',
          Temperature: hundredth(board.boardC),
          'MHS 5s': mhs(board.hashrateThs),
        })),
      };
    case 'devdetails':
      return {
        section: 'DEVDETAILS',
        code: 69,
        msg: 'Device Details',
        rows: view.boards.map((_, index) => ({
          DEVDETAILS: index + 1,
          Name: 'ASICBoard',
          ID: index + 1,
          Driver: 'auradine',
          Model: miner.identity.model.replace('Auradine ', ''),
        })),
      };
    case 'asccount':
      return {
        section: 'ASCCount',
        code: 104,
        msg: 'ASC count',
        rows: [
          {
            BoardCount: view.boards.filter((board) => board.chips > 0).length,
            AsicCount: view.boards.reduce((sum, board) => sum + board.chips, 0),
          },
        ],
      };
    case 'pools':
      return {
        section: 'POOLS',
        code: 7,
        msg: `${view.pools.length} Pool(s)`,
        rows: view.pools.map((pool, index) => ({
          POOL: index,
          URL: pool.url,
          Status: pool.alive ? 'Alive' : 'Dead',
          Priority: index,
          Quota: 1,
          Accepted: pool.accepted,
          Rejected: pool.rejected,
          Stale: pool.stale,
          User: pool.user,
          'Stratum Active': pool.active,
        })),
      };
    default:
      return undefined;
  }
};

const summary = (view: FirmwareView) => ({
  Elapsed: view.elapsedS,
  'MHS av': mhs(view.averageThs),
  'MHS 5s': mhs(view.hashrateThs),
  'MHS 1m': mhs(view.hashrateThs),
  'MHS 5m': mhs(view.hashrateThs),
  'MHS 15m': mhs(view.halfHourThs),
  Accepted: view.accepted,
  Rejected: view.rejected,
  'Hardware Errors': view.hardwareErrors,
  Utility: view.elapsedS > 0 ? (60 * view.accepted) / view.elapsedS : 0,
  'Total MH': Math.round(view.terahashes * 1e6),
  'Last getwork': 0,
});

/** Figures with their units behind them. */
const supply = (view: FirmwareView) => {
  const outW = Math.max(view.powerW * 0.94 - 40, 0);
  const unit = (value: number, name: string) => `${value.toFixed(2)}${name}`;
  return {
    VoutSet: unit(11.5, 'V'),
    Vin: unit(245, 'V'),
    Iin: unit(view.powerW / 245, 'A'),
    Vout: unit(11.53, 'V'),
    Iout: unit(outW / 11.53, 'A'),
    FanSpeed1: unit(4052, ' RPM'),
    FanSpeed2: unit(4144, ' RPM'),
    PowerOut: unit(outW, 'W'),
    PowerIn: unit(view.powerW, 'W'),
    PoutMax: unit(3452, 'W'),
  };
};

const mode = ({ settings }: SimulatedMiner, view: FirmwareView) => {
  const custom = settings.powerLimitW !== undefined;
  return {
    Mode: custom ? 'custom' : modeWords[settings.mode],
    Sleep: settings.hashing ? 'off' : 'on',
    ...(custom && { Tune: 'power', Ths: Math.round(view.idealThs), Power: settings.powerLimitW }),
  };
};

/** The answers of the web port to a GET. */
export const webReport = (name: string, miner: SimulatedMiner, view: FirmwareView): Report | undefined => {
  switch (name) {
    case 'fan':
      return {
        section: 'Fan',
        code: 510,
        msg: `Total fans: ${view.fanRpm.length}`,
        rows: view.fanRpm.map((Speed, index) => ({
          ID: index + 1,
          Speed,
          Target: Math.round((miner.model.maxFanRpm * view.fanDutyPct) / 100),
          Max: miner.model.maxFanRpm,
        })),
      };
    case 'led':
      return {
        section: 'LED',
        code: 530,
        msg: 'Total LEDs 2',
        rows: [light(miner, view)],
      };
    case 'mode': {
      const row = mode(miner, view);
      return {
        section: 'Mode',
        code: 540,
        msg: `Operating mode: '${row.Mode}', sleep: '${row.Sleep === 'on'}'`,
        rows: [row],
      };
    }
    case 'psu':
      return { section: 'PSU', code: 570, msg: 'PSU status', rows: [supply(view)] };
    case 'temperature':
      return {
        section: 'Temperature',
        code: 590,
        msg: 'System temperature',
        rows: temperatures(view, miner.model.chipsPerBoard),
      };
    case 'voltage':
      return {
        section: 'Voltage',
        code: 630,
        msg: 'System voltage',
        rows: voltages(view, miner.model.chipsPerBoard),
      };
    case 'frequency':
      return {
        section: 'Frequency',
        code: 640,
        msg: 'System frequency',
        rows: clocks(view, miner.model.chipsPerBoard),
      };
    case 'ipreport':
      return {
        section: 'IPReport',
        code: 620,
        msg: 'IP Report',
        rows: [
          {
            command: 'ipreport',
            SerialNo: miner.identity.serialNumber,
            ip: '192.0.2.50',
            mac: miner.identity.macAddress.toLowerCase(),
            model: miner.identity.model.replace('Auradine ', ''),
            version,
            hostname: miner.identity.minerId,
            CBSerialNo: miner.identity.serialNumber,
            ChassisSerialNo: String(miner.identity.index).padStart(6, '0'),
            HBSerialNo: view.boards.map((board) => board.serial),
            InternalType: 'T0',
          },
        ],
      };
    default:
      return undefined;
  }
};
