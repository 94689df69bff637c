import type { FirmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { errorCodes } from './error-codes.ts';
import type { BtminerFirmware } from './firmware.ts';

type Row = Record<string, string | number | boolean>;
/** A read's answer: rows of a cgminer section, or a message of btminer's own. */
export type ReadAnswer =
  | {
      readonly kind: 'section';
      readonly section: string;
      readonly code: number;
      readonly msg: string;
      readonly rows: readonly Row[];
    }
  | { readonly kind: 'message'; readonly msg: Record<string, unknown> };

const modeWords = { low: 'Low', normal: 'Normal', high: 'High', sleep: 'Normal' } as const;
const tenth = (value: number) => Math.round(value * 10) / 10;
const mhs = (ths: number) => Math.round(ths * 1e8) / 100;
const mean = (values: readonly number[]) =>
  values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;

const summary = (miner: SimulatedMiner, view: FirmwareView): ReadAnswer => {
  const chips = view.boards.flatMap((board) => board.chipC);
  const pool = view.accepted + view.rejected;
  return {
    kind: 'section',
    section: 'SUMMARY',
    code: 11,
    msg: 'Summary',
    rows: [
      {
        Elapsed: view.elapsedS,
        'MHS av': mhs(view.averageThs),
        'MHS 5s': mhs(view.hashrateThs),
        'MHS 1m': mhs(view.hashrateThs),
        'MHS 5m': mhs(view.hashrateThs),
        'MHS 15m': mhs(view.halfHourThs),
        'HS RT': mhs(view.hashrateThs),
        Accepted: view.accepted,
        Rejected: view.rejected,
        'Total MH': Math.round(view.terahashes * 1e6),
        Temperature: tenth(mean(view.boards.map((board) => board.boardC))),
        freq_avg: Math.round(view.frequencyMhz),
        'Fan Speed In': view.fanRpm[0] ?? 0,
        'Fan Speed Out': view.fanRpm[1] ?? 0,
        Power: Math.round(view.powerW),
        'Power Rate': view.hashrateThs > 1 ? Math.round((view.powerW / view.hashrateThs) * 100) / 100 : 0,
        'Pool Rejected%': pool > 0 ? Math.round((1e6 * view.rejected) / pool) / 1e4 : 0,
        'Pool Stale%': 0,
        Uptime: view.uptimeS,
        'Hash Stable': view.phase === 'hashing',
        'Target Freq': Math.round(view.targetFrequencyMhz),
        'Env Temp': tenth(view.inletC),
        'Power Mode': modeWords[miner.settings.mode],
        'Factory GHS': Math.round(view.idealThs * 1000),
        'Power Limit': miner.settings.powerLimitW ?? nominalLimitW(miner),
        'Chip Temp Min': tenth(chips.length ? Math.min(...chips) : 0),
        'Chip Temp Max': tenth(chips.length ? Math.max(...chips) : 0),
        'Chip Temp Avg': tenth(mean(chips)),
        'Best Share': 82_000_000,
        MAC: miner.identity.macAddress,
      },
    ],
  };
};

const devices = (miner: SimulatedMiner, view: FirmwareView): ReadAnswer => ({
  kind: 'section',
  section: 'DEVS',
  code: 9,
  msg: `${view.boards.length} ASC(s)`,
  rows: view.boards.map((board, index) => ({
    ASC: index,
    Name: 'SM',
    ID: index,
    Slot: index,
    Enabled: 'Y',
    Status: board.chipC.length > 0 ? 'Alive' : 'Dead',
    Temperature: board.chipC.length > 0 ? tenth(board.boardC) : 0,
    'Chip Frequency': Math.round(board.frequencyMhz),
    Frequency: Math.round(board.frequencyMhz),
    'MHS av': mhs(board.hashrateThs),
    ...Object.fromEntries(['5s', '1m', '5m', '15m'].map((span) => [`MHS ${span}`, mhs(board.hashrateThs)])),
    'HS RT': mhs(board.hashrateThs),
    Accepted: Math.floor(view.accepted / view.boards.length),
    Rejected: Math.floor(view.rejected / view.boards.length),
    'Hardware Errors': board.hardwareErrors,
    'Device Elapsed': view.elapsedS,
    'Chip Temp Min': tenth(board.chipC.length ? Math.min(...board.chipC) : 0),
    'Chip Temp Max': tenth(board.chipC.length ? Math.max(...board.chipC) : 0),
    'Chip Temp Avg': tenth(mean(board.chipC)),
    'Effective Chips': board.chips,
    'Factory GHS': Math.round((miner.model.hashrateThs * 1000) / miner.model.boards),
    'Fan Speed In': view.fanRpm[0] ?? 0,
    'Fan Speed Out': view.fanRpm[1] ?? 0,
    'PCB SN': board.serial,
  })),
});

const pools = (view: FirmwareView): ReadAnswer => ({
  kind: 'section',
  section: 'POOLS',
  code: 7,
  msg: `${view.pools.length} Pool(s)`,
  rows: view.pools.map((pool, index) => ({
    POOL: index + 1,
    URL: pool.url,
    Status: pool.alive ? 'Alive' : 'Dead',
    Priority: index,
    Accepted: pool.accepted,
    Rejected: pool.rejected,
    Stale: pool.stale,
    User: pool.user,
    'Stratum Active': pool.active,
  })),
});

const nominalLimitW = (miner: SimulatedMiner) => Math.ceil((miner.model.powerW * 1.03) / 10) * 10;

const status = (miner: SimulatedMiner, firmware: BtminerFirmware): Record<string, string> => {
  const off = !miner.settings.hashing;
  return {
    mineroff: String(off),
    mineroff_reason: off ? 'power off' : '',
    mineroff_time: '',
    FirmwareVersion: firmware.version,
    power_mode: miner.settings.mode === 'sleep' ? 'normal' : miner.settings.mode,
    power_limit_set: miner.settings.powerLimitW === undefined ? '' : String(miner.settings.powerLimitW),
    hash_percent: miner.settings.frequencyPct === 100 ? '0' : String(miner.settings.frequencyPct - 100),
  };
};

/** What a read command answers; undefined for a command that is not a read. */
export const readAnswer = (
  command: string,
  miner: SimulatedMiner,
  view: FirmwareView,
  firmware: BtminerFirmware,
  nowMs: number,
): ReadAnswer | undefined => {
  const message = (msg: Record<string, unknown>): ReadAnswer => ({ kind: 'message', msg });
  if (command === 'summary') return summary(miner, view);
  if (command === 'devs' || command === 'edevs') return devices(miner, view);
  if (command === 'pools') return pools(view);
  if (command === 'status') return message(status(miner, firmware));
  if (command === 'get_version')
    return message({
      api_ver: firmware.apiVersion,
      fw_ver: firmware.version,
      platform: firmware.platform,
      chip: 'K58',
    });
  if (command === 'get_miner_info')
    return message({
      hostname: 'WhatsMiner',
      mac: miner.identity.macAddress,
      minersn: miner.identity.serialNumber,
      ledstat: miner.settings.ledOn ? 'red' : 'auto',
    });
  if (command === 'get_psu')
    return message({
      name: firmware.psu,
      hw_version: '',
      sw_version: '230208.220429',
      model: firmware.psu,
      iin: String(Math.round((view.powerW / 230) * 1000)),
      vin: '23000',
      fan_speed: view.phase === 'off' ? '1200' : '6000',
    });
  if (command === 'devdetails')
    return {
      kind: 'section',
      section: 'DEVDETAILS',
      code: 69,
      msg: 'Device Details',
      rows: view.boards.map((_, index) => ({
        DEVDETAILS: index,
        Name: 'SM',
        ID: index,
        Driver: 'bitmicro',
        Kernel: '',
        Model: firmware.model,
      })),
    };
  if (command === 'get_error_code')
    return message({ error_code: errorCodes(miner, view).map((code) => ({ [code]: stamp(nowMs) })) });
  return undefined;
};

const stamp = (nowMs: number) => new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ');
