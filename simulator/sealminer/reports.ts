import { shareDifficulty } from '../physics/miner-state.ts';
import type { FirmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';

type Row = Record<string, string | number | boolean>;
export type Report = {
  readonly section: string;
  readonly code: number;
  readonly msg: string;
  readonly row: readonly Row[];
};

export const firmwareVersion = '2025091001';
const mhs = (ths: number) => Math.round(ths * 1e8) / 100;
const pmState = {
  hashing: 'Running',
  ramping: 'Running',
  booting: 'Init',
  off: 'Suspend',
  tripped: 'Protect',
};

/** Per-board members of `stats`, numbered from 0 in front: `0 Online`, `0 MHS(Sample)`. */
const boardMembers = (view: FirmwareView, chipsPerBoard: number): Row =>
  Object.fromEntries(
    view.boards.flatMap((board, at) => [
      [`${at} SN`, board.serial],
      [`${at} Online`, board.chips > 0],
      [`${at} Chip Count`, chipsPerBoard],
      [`${at} Bad Chip Count`, 0],
      [`${at} Freq`, board.frequencyMhz],
      ...[0, 1, 2, 3].map((sensor) => [`${at} Temp ${sensor}`, Math.round(board.chipC[sensor] ?? 0)]),
      [`${at} MHS(Sample)`, mhs(board.hashrateThs)],
      [`${at} MHS(Ideal)`, mhs(board.idealThs)],
      [`${at} HW Errors`, board.hardwareErrors],
      [`${at} Tune Status`, 'Done'],
    ]),
  );

const fanMembers = (view: FirmwareView): Row =>
  Object.fromEntries(
    view.fanRpm.flatMap((rpm, at) => [
      [`${at} Speed`, rpm],
      [`${at} PWM`, Math.round((view.fanDutyPct / 100) * 255)],
    ]),
  );

const errorCode = (view: FirmwareView) => (view.fanRpm.includes(0) ? 'E_FAN' : '');

const statsRow = (miner: SimulatedMiner, view: FirmwareView, powerLimitW: number): Row => {
  const { model, identity, settings } = miner;
  const warm = view.boards.filter((board) => board.chips > 0);
  return {
    STATS: 0,
    ID: 'BDM0',
    Model: 'A2',
    MAC: identity.macAddress.toLowerCase(),
    Firmware: firmwareVersion,
    'Software Version': '4.11.1-08400-g27d4664c',
    'Ctrl Board': 'TAURUS_AIR',
    'Ctrl Board SN': identity.serialNumber,
    'System Uptime': view.uptimeS,
    'Mining Mode': settings.mode === 'low' ? 'Low Power' : 'Normal',
    'PM State': pmState[view.phase === 'rebooting' || view.phase === 'starting' ? 'booting' : view.phase],
    'MHS(Rated)': mhs(model.hashrateThs),
    'MHS(Ideal)': mhs(view.idealThs),
    'MHS(Sample)': mhs(view.hashrateThs),
    ...Object.fromEntries(
      ['30s', '1m', '2m', '5m', '15m'].map((span) => [`MHS(${span})`, mhs(view.hashrateThs)]),
    ),
    'MHS(30m)': mhs(view.halfHourThs),
    'MHS(Avg)': mhs(view.averageThs),
    Temp: warm.length === 0 ? 0 : Math.round(warm.reduce((sum, { boardC }) => sum + boardC, 0) / warm.length),
    'Power Limit': powerLimitW,
    'PSU Input Power': Math.round(view.powerW),
    'PSU Efficiency': 0.936937,
    'PSU Temp AMB': Math.round(view.inletC + 9),
    'PSU Fan Speed': 5200,
    'Fan Count': view.fanRpm.length,
    ...fanMembers(view),
    'Board Count': view.boards.length,
    ...boardMembers(view, model.chipsPerBoard),
    'Bad Chip Count': 0,
    'Error Chip': '',
    'Error Code': errorCode(view),
  };
};

const summaryRow = (view: FirmwareView): Row => ({
  Elapsed: view.elapsedS,
  'MHS av': mhs(view.averageThs),
  'MHS 5s': mhs(view.hashrateThs),
  Accepted: view.accepted,
  Rejected: view.rejected,
  Stale: view.stale,
  'Hardware Errors': view.hardwareErrors,
  'Total MH': Math.round(view.terahashes * 1e6),
});

const poolRows = (view: FirmwareView): Row[] =>
  view.pools.map((pool, at) => ({
    POOL: at,
    URL: pool.url,
    Status: pool.alive ? 'Alive' : 'Dead',
    Priority: at,
    User: pool.user,
    Accepted: pool.accepted,
    Rejected: pool.rejected,
    Stale: pool.stale,
    'Stratum Active': pool.active,
    'Difficulty Accepted': pool.accepted * shareDifficulty,
  }));

/**
 * Reports of bdminer on TCP 4028, members as 256foundation/asic-rs (sealminer v2025) and wright_telemetry (sealminer collector)
 * read them from real machines. Hashrates are in MH/s whatever the member.
 */
export const reportNamed = (
  name: string,
  miner: SimulatedMiner,
  view: FirmwareView,
  powerLimitW: number,
): Report | undefined => {
  switch (name) {
    case 'version':
      return {
        section: 'VERSION',
        code: 22,
        msg: 'BDMiner versions',
        row: [{ BDMiner: '4.11.1', API: '3.7' }],
      };
    case 'stats':
      return { section: 'STATS', code: 70, msg: 'BDMiner stats', row: [statsRow(miner, view, powerLimitW)] };
    case 'summary':
      return { section: 'SUMMARY', code: 11, msg: 'Summary', row: [summaryRow(view)] };
    case 'pools':
      return {
        section: 'POOLS',
        code: 7,
        msg: `${view.pools.length} Pool(s)`,
        row: poolRows(view),
      };
    case 'devdetails':
      return {
        section: 'DEVDETAILS',
        code: 69,
        msg: 'Device Details',
        row: [{ DEVDETAILS: 0, Name: 'SEALMINER', ID: 0, Model: 'A2' }],
      };
    default:
      return undefined;
  }
};
