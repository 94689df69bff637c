import { shareDifficulty } from '../physics/miner-state.ts';
import type { FirmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import type { AvalonFirmware } from './firmware.ts';
import { boardFigures, dnaOf, moduleFigures } from './module-figures.ts';

export type Row = Readonly<Record<string, string | number | boolean>>;
export type Report = {
  readonly section: string;
  readonly code: number;
  readonly msg: string;
  readonly rows: readonly Row[];
};

const mhs = (ths: number) => Math.round(ths * 1e8) / 100;
const percent = (part: number, whole: number) => (whole > 0 ? Math.round((1e6 * part) / whole) / 1e4 : 0);

const version = (miner: SimulatedMiner, firmware: AvalonFirmware): Report => ({
  section: 'VERSION',
  code: 22,
  msg: 'CGMiner versions',
  rows: [
    {
      CGMiner: '4.11.1',
      API: '3.7',
      ...(firmware.figures === 'line' && { STM8: '20.08.01' }),
      PROD: firmware.product,
      MODEL: firmware.model,
      HWTYPE: firmware.hardware,
      SWTYPE: firmware.software,
      ...(firmware.figures === 'line'
        ? { VERSION: firmware.version }
        : { LVERSION: firmware.version, BVERSION: firmware.version, CGVERSION: firmware.version }),
      DNA: dnaOf(miner),
      MAC: miner.identity.macAddress.replaceAll(':', '').toLowerCase(),
      UPAPI: 2,
    },
  ],
});

const rates = (view: FirmwareView) => ({
  'MHS av': mhs(view.averageThs),
  'MHS 30s': mhs(view.hashrateThs),
  'MHS 1m': mhs(view.hashrateThs),
  'MHS 5m': mhs(view.hashrateThs),
  'MHS 15m': mhs(view.halfHourThs),
});

const summary = (view: FirmwareView): Report => ({
  section: 'SUMMARY',
  code: 11,
  msg: 'Summary',
  rows: [
    {
      Elapsed: view.elapsedS,
      ...rates(view),
      'Found Blocks': 0,
      Getworks: 669,
      Accepted: view.accepted,
      Rejected: view.rejected,
      'Hardware Errors': view.hardwareErrors,
      Utility: view.elapsedS > 0 ? Math.round((6000 * view.accepted) / view.elapsedS) / 100 : 0,
      Discarded: 0,
      Stale: view.stale,
      'Total MH': Math.round(view.terahashes * 1e6),
      'Difficulty Accepted': view.accepted * shareDifficulty,
      'Difficulty Rejected': view.rejected * shareDifficulty,
      'Best Share': 459_832_747,
      'Device Hardware%': 0,
      'Pool Rejected%': percent(view.rejected, view.accepted + view.rejected),
      'Pool Stale%': percent(view.stale, view.accepted + view.rejected + view.stale),
      'Last getwork': 0,
    },
  ],
});

const devices = (view: FirmwareView): Report => ({
  section: 'DEVS',
  code: 9,
  msg: '1 ASC(s)',
  rows: [
    {
      ASC: 0,
      Name: 'AVA10',
      ID: 0,
      Enabled: 'Y',
      Status: 'Alive',
      // Canaan's driver has no sensor here.
      Temperature: -273,
      ...rates(view),
      Accepted: view.accepted,
      Rejected: view.rejected,
      'Hardware Errors': view.hardwareErrors,
      'Device Elapsed': view.elapsedS,
    },
  ],
});

const pools = (view: FirmwareView): Report => ({
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
    Getworks: pool.active ? 654 : 2,
    Accepted: pool.accepted,
    Rejected: pool.rejected,
    Works: pool.accepted * 100,
    Discarded: 0,
    Stale: pool.stale,
    'Get Failures': 0,
    'Remote Failures': 0,
    User: pool.user,
    'Difficulty Accepted': pool.accepted * shareDifficulty,
    'Has Stratum': true,
    'Stratum Active': pool.active,
    'Stratum Difficulty': pool.active ? shareDifficulty : 0,
    'Pool Rejected%': percent(pool.rejected, pool.accepted + pool.rejected),
    'Pool Stale%': percent(pool.stale, pool.accepted + pool.rejected + pool.stale),
    'Bad Work': 0,
  })),
});

const stats = (
  miner: SimulatedMiner,
  view: FirmwareView,
  firmware: AvalonFirmware,
  ledOn: boolean,
  withBoards: boolean,
): Report => {
  const figures = moduleFigures(miner, view, firmware, ledOn);
  return {
    section: 'STATS',
    code: 70,
    msg: 'CGMiner stats',
    rows: [
      {
        STATS: 0,
        ID: 'AVA100',
        Elapsed: view.elapsedS,
        Calls: 0,
        Wait: 0,
        Max: 0,
        Min: 99999999,
        ...(firmware.figures === 'line'
          ? { 'MM ID0': figures }
          : { 'MM ID0:Summary': `'STATS':{${figures}}` }),
        ...(firmware.figures === 'nested' && withBoards && { HBinfo: boardFigures(miner, view) }),
        'MM Count': 1,
        'Smart Speed': 1,
        'Voltage Level Offset': 0,
        'Nonce Mask': 25,
      },
      {
        STATS: 1,
        ID: 'POOL0',
        Elapsed: view.elapsedS,
        Calls: 0,
        Wait: 0,
        Max: 0,
        Min: 99999999,
        'Pool Calls': 0,
      },
    ],
  };
};

/** The report of a read command; undefined for a command that is not a read. */
export const reportNamed = (
  command: string,
  miner: SimulatedMiner,
  view: FirmwareView,
  firmware: AvalonFirmware,
  ledOn: boolean,
): Report | undefined => {
  if (command === 'version') return version(miner, firmware);
  if (command === 'summary') return summary(view);
  if (command === 'devs') return devices(view);
  if (command === 'pools') return pools(view);
  if (command === 'stats') return stats(miner, view, firmware, ledOn, false);
  if (command === 'estats') return stats(miner, view, firmware, ledOn, true);
  return undefined;
};
