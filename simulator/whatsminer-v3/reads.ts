import type { FirmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { errorCodes } from '../whatsminer/error-codes.ts';

const tenth = (value: number) => Math.round(value * 10) / 10;
const thousandth = (value: number) => Math.round(value * 1000) / 1000;
const mean = (values: readonly number[]) =>
  values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;
const least = (values: readonly number[]) => (values.length ? Math.min(...values) : 0);
const most = (values: readonly number[]) => (values.length ? Math.max(...values) : 0);

/** The supply's limit until another is set. */
export const factoryLimitW = (miner: SimulatedMiner) => Math.ceil((miner.model.powerW * 1.05) / 100) * 100;

/** Hashrates in TH/s, temperatures in °C, powers in W. */
const summary = (miner: SimulatedMiner, view: FirmwareView) => {
  const chips = view.boards.flatMap((board) => board.chipC);
  return {
    elapsed: view.elapsedS,
    'bootup-time': view.uptimeS,
    'freq-avg': Math.round(view.frequencyMhz),
    'target-freq': Math.round(view.targetFrequencyMhz),
    'factory-hash': thousandth(view.idealThs),
    'hash-average': thousandth(view.averageThs),
    'hash-1min': thousandth(view.hashrateThs),
    'hash-15min': thousandth(view.halfHourThs),
    'hash-realtime': thousandth(view.hashrateThs),
    'power-rate': view.hashrateThs > 1 ? thousandth(view.powerW / view.hashrateThs) : 0,
    'power-5min': thousandth(view.powerW),
    'power-realtime': Math.round(view.powerW),
    'environment-temperature': tenth(view.inletC),
    'board-temperature': view.boards.map((board) => tenth(board.boardC)),
    'chip-temp-min': tenth(least(chips)),
    'chip-temp-avg': tenth(mean(chips)),
    'chip-temp-max': tenth(most(chips)),
    'power-limit': miner.settings.powerLimitW ?? factoryLimitW(miner),
    'up-freq-finish': view.phase === 'hashing' ? 1 : 0,
    'fan-speed-in': view.fanRpm[0] ?? 0,
    'fan-speed-out': view.fanRpm[1] ?? 0,
  };
};

/** No share counts: API 3 has none, only the share rejected, in percent. */
const pools = (view: FirmwareView) =>
  view.pools.map((pool, index) => ({
    id: index + 1,
    url: pool.url,
    status: pool.alive ? 'alive' : 'dead',
    account: pool.user,
    'stratum-active': pool.active,
    'reject-percent':
      pool.accepted + pool.rejected > 0
        ? thousandth((100 * pool.rejected) / (pool.accepted + pool.rejected))
        : 0,
    'last-share-time': 0,
  }));

const boards = (view: FirmwareView) =>
  view.boards.map((board, index) => ({
    id: index,
    slot: index,
    'hash-average': thousandth(board.hashrateThs),
    'factory-hash': thousandth(board.idealThs),
    freq: Math.round(board.frequencyMhz),
    'effective-chips': board.chips,
    'chip-temp-min': tenth(least(board.chipC)),
    'chip-temp-avg': tenth(mean(board.chipC)),
    'chip-temp-max': tenth(most(board.chipC)),
  }));

/**
 * `get.miner.status` with its parts joined by `+`. While the miner is stopped it knows no pools: asked for nothing else, it
 * fails.
 */
export const minerStatus = (
  miner: SimulatedMiner,
  view: FirmwareView,
  param: string,
): Record<string, unknown> | undefined => {
  const parts = param.split('+');
  const stopped = !miner.settings.hashing;
  const message: Record<string, unknown> = {};
  if (parts.includes('summary')) message.summary = summary(miner, view);
  if (parts.includes('pools') && !stopped) message.pools = pools(view);
  if (parts.includes('edevs')) message.edevs = boards(view);
  return Object.keys(message).length > 0 ? message : undefined;
};

export const minerSetting = (miner: SimulatedMiner) => ({
  'power-mode': miner.settings.mode === 'sleep' ? 'normal' : miner.settings.mode,
  'power-limit': miner.settings.powerLimitW ?? factoryLimitW(miner),
  'upfreq-speed': 2,
  'target-freq': miner.settings.frequencyPct - 100,
  power: 0,
  'power-percent': miner.settings.powerPct,
  'fast-hash': 'disable',
});

/** `get.device.info`, whole or one part of it. */
export const deviceInfo = (
  miner: SimulatedMiner,
  view: FirmwareView,
  salt: string,
  nowMs: number,
): Record<string, unknown> => ({
  network: {
    ip: '192.0.2.136',
    proto: 'dhcp',
    netmask: '255.255.255.0',
    dns: '192.0.2.1',
    gateway: '192.0.2.1',
    hostname: 'WhatsMiner',
    mac: miner.identity.macAddress,
  },
  miner: {
    type: 'M60S_VK30',
    working: String(miner.settings.hashing),
    'miner-sn': miner.identity.serialNumber,
    ...Object.fromEntries(view.boards.map((board, index) => [`pcbsn${index}`, board.serial])),
    'fast-boot': 'disable',
  },
  system: {
    api: '3.0.2',
    platform: 'H616',
    fwversion: '20251209.16.Rel2',
    'control-board-version': 'CB6V10',
    ledstatus: miner.settings.ledOn ? 'manual' : 'auto',
  },
  power: {
    type: 'P564B',
    hwversion: 'R00033',
    swversion: 'P00031',
    model: 'P564B',
    fanspeed: view.phase === 'off' ? 1200 : 6112,
    iin: tenth(view.powerW / 230),
    vin: 230,
    sn: `PSU${miner.identity.serialNumber.slice(3)}`,
    vendor: '1',
  },
  salt,
  'error-code': errorCodes(miner, view).map((code) => ({ [code]: stamp(nowMs), reason: '' })),
});

const stamp = (nowMs: number) => new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ');
