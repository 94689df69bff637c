import { shareDifficulty } from '../physics/miner-state.ts';
import type { FirmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { chainFields } from './chain-reports.ts';
import { formStatsRow, isFormGeneration } from './form-reports.ts';

export type Row = Record<string, string | number | boolean>;
/** A report of the classic API: the name of its section, status code and message, and its rows. */
export type Report = {
  readonly section: string;
  readonly code: number;
  readonly msg: string;
  readonly rows: readonly Row[];
};

export const compileTime = (miner: SimulatedMiner) =>
  miner.identity.model === 'Antminer S21' ? 'Thu Oct  9 18:55:45 CST 2025' : 'Tue Dec  6 16:12:30 CST 2022';
export const minerVersion = '49.0.1.3';

const round = (value: number, decimals: number) => Number(value.toFixed(decimals));

/** Firmware of the S19 family has nothing to report while it sleeps; later firmware reports zeros. */
export const reportsNothing = (miner: SimulatedMiner, view: FirmwareView) =>
  view.phase === 'off' && miner.identity.model !== 'Antminer S21';

export const versionReport = (miner: SimulatedMiner): Report => ({
  section: 'VERSION',
  code: 22,
  msg: 'CGMiner versions',
  rows: [
    {
      BMMiner: '1.0.0',
      API: '3.1',
      Miner: minerVersion,
      CompileTime: compileTime(miner),
      Type: miner.identity.model,
    },
  ],
});

export const summaryReport = (miner: SimulatedMiner, view: FirmwareView, nowS: number): Report => ({
  section: 'SUMMARY',
  code: 11,
  msg: 'Summary',
  rows: reportsNothing(miner, view)
    ? []
    : [
        {
          Elapsed: view.elapsedS,
          'GHS 5s': round(view.hashrateThs * 1000, 2),
          'GHS av': round(view.averageThs * 1000, 2),
          'GHS 30m': round(view.halfHourThs * 1000, 2),
          'Found Blocks': 0,
          Getwork: Math.floor(view.elapsedS / 12),
          Accepted: view.accepted,
          Rejected: view.rejected,
          'Hardware Errors': view.hardwareErrors,
          Utility: view.elapsedS > 0 ? round((60 * view.accepted) / view.elapsedS, 2) : 0,
          Discarded: view.elapsedS * 89,
          Stale: view.stale,
          'Get Failures': 0,
          'Local Work': view.elapsedS * 90,
          'Remote Failures': 0,
          'Network Blocks': Math.floor(view.elapsedS / 600),
          'Total MH': Math.round(view.terahashes * 1e6),
          'Work Utility': round(view.averageThs * 13_970, 2),
          'Difficulty Accepted': view.accepted * shareDifficulty,
          'Difficulty Rejected': view.rejected * shareDifficulty,
          'Difficulty Stale': view.stale * shareDifficulty,
          'Best Share': 12_904_207_043,
          'Device Hardware%': 0,
          'Device Rejected%': 0,
          'Pool Rejected%': percentage(view.rejected, view.accepted),
          'Pool Stale%': percentage(view.stale, view.accepted),
          'Last getwork': nowS,
        },
      ],
});

const percentage = (part: number, rest: number) =>
  part + rest > 0 ? round((100 * part) / (part + rest), 4) : 0;

export const poolsReport = (view: FirmwareView): Report => ({
  section: 'POOLS',
  code: 7,
  msg: `${view.pools.length} Pool(s)`,
  rows: view.pools.map((pool, index) => ({
    POOL: index,
    URL: pool.url,
    Status: pool.alive ? 'Alive' : 'Dead',
    Priority: index,
    Quota: 1,
    'Long Poll': 'N',
    Getworks: pool.active ? Math.floor(view.elapsedS / 12) : 3,
    Accepted: pool.accepted,
    Rejected: pool.rejected,
    Discarded: pool.active ? view.elapsedS * 89 : 0,
    Stale: pool.stale,
    'Get Failures': 0,
    'Remote Failures': 0,
    User: pool.user,
    'Last Share Time': pool.accepted > 0 ? '0:00:03' : '0',
    Diff: pool.active ? '524K' : '',
    'Diff1 Shares': 0,
    'Proxy Type': '',
    Proxy: '',
    'Difficulty Accepted': pool.accepted * shareDifficulty,
    'Difficulty Rejected': pool.rejected * shareDifficulty,
    'Difficulty Stale': pool.stale * shareDifficulty,
    'Last Share Difficulty': pool.accepted > 0 ? shareDifficulty : 0,
    'Has Stratum': true,
    'Stratum Active': pool.active,
    'Stratum URL': pool.active ? hostOf(pool.url) : '',
    'Has GBT': false,
    'Best Share': pool.accepted > 0 ? 12_904_207_043 : 0,
    'Pool Rejected%': percentage(pool.rejected, pool.accepted),
    // The firmware prints its format string's escaped sign.
    'Pool Stale%%': percentage(pool.stale, pool.accepted),
  })),
});

const hostOf = (url: string) => url.replace(/^[^/]*\/\//, '').replace(/:\d+$/, '');

export const devsReport = (view: FirmwareView, nowS: number): Report => ({
  section: 'DEVS',
  code: 9,
  msg: '1 ASC(s)',
  rows: [
    {
      ASC: 0,
      Name: 'BTM_SOC',
      ID: 0,
      Enabled: 'Y',
      Status: 'Alive',
      // Misspelt by the firmware.
      Tenperature: 0,
      'MHS av': 0,
      'MHS 5s': 0,
      Accepted: view.accepted,
      Rejected: view.rejected,
      'Hardware Errors': 0,
      Utility: 0,
      'Last Share Pool': 0,
      'Last Share Time': nowS,
      'Total MH': 0,
      'Diff1 Work': 0,
      'Difficulty Accepted': view.accepted * shareDifficulty,
      'Difficulty Rejected': view.rejected * shareDifficulty,
      'Last Share Difficulty': shareDifficulty,
      'Last Valid Work': nowS,
      'Device Hardware%': 0,
      'Device Rejected%': 0,
      'Device Elapsed': view.elapsedS,
    },
  ],
});

export const statsReport = (miner: SimulatedMiner, view: FirmwareView): Report => {
  const { BMMiner, Miner, CompileTime, Type } = { ...versionReport(miner).rows[0] };
  const head: Row = {
    BMMiner: BMMiner ?? '',
    Miner: Miner ?? '',
    CompileTime: CompileTime ?? '',
    Type: Type ?? '',
  };
  const rows = reportsNothing(miner, view)
    ? [head]
    : [head, isFormGeneration(miner) ? formStatsRow(miner, view) : statsRow(miner, view)];
  return { section: 'STATS', code: 70, msg: 'CGMiner stats', rows };
};

const statsRow = (miner: SimulatedMiner, view: FirmwareView): Row => ({
  STATS: 0,
  ID: 'BTM_SOC0',
  Elapsed: view.elapsedS,
  Calls: 0,
  Wait: 0,
  Max: 0,
  Min: 99_999_999,
  'GHS 5s': round(view.hashrateThs * 1000, 2),
  'GHS av': round(view.averageThs * 1000, 2),
  rate_30m: round(view.halfHourThs * 1000, 2),
  Mode: 2,
  miner_count: miner.model.boards,
  frequency: Math.round(view.frequencyMhz),
  fan_num: view.fanRpm.length,
  ...Object.fromEntries(view.fanRpm.map((rpm, index) => [`fan${index + 1}`, rpm])),
  temp_num: miner.model.boards,
  ...chainFields(view),
  total_rateideal: view.idealThs * 1000,
  rate_unit: 'GH',
  total_freqavg: Math.round(view.frequencyMhz),
  total_acn: view.boards.reduce((sum, board) => sum + board.chips, 0),
  'total rate': round(view.hashrateThs * 1000, 2),
  temp_max: 0,
  no_matching_work: view.hardwareErrors,
  miner_version: minerVersion,
  miner_id: miner.identity.serialNumber,
  ...(miner.identity.model === 'Antminer S21'
    ? { watt: Math.round(view.powerW) }
    : { chain_power: `${Math.round(view.powerW)} W` }),
});
