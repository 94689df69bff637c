import type { MinerReading, PowerMode } from '../../../contracts/reading.ts';
import { boardValues, type ToldPool } from '../plain-adapter.ts';
import { type Fields, fieldsOf, listOf, maxOf, numberOf, present, sumOf, textOf } from '../values.ts';

/** A sensor that reads nothing says 0 or below. */
const temp = (value: unknown) => {
  const celsius = numberOf(value);
  return celsius !== undefined && celsius > 0 ? celsius : undefined;
};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
const isYes = (value: unknown) =>
  typeof value === 'boolean' ? value : textOf(value)?.toLowerCase() === 'true';

const rateOf = (entry: Fields) =>
  numberOf(entry['hash-realtime']) ??
  numberOf(entry['hash-1min']) ??
  numberOf(entry['hash-average']) ??
  numberOf(entry['hash-15min']);

/** `summary` and `edevs` of `get.miner.status`: hashrates in TH/s, power in W, clocks in MHz. */
export const parseStatus = (status: Fields): MinerReading['values'] => {
  const summary = fieldsOf(status.summary);
  const told = listOf(status.edevs);
  const boards = [0, 1, 2].map((slot) => {
    const board = told.find((entry) => numberOf(entry.slot ?? entry.id) === slot);
    return (
      board && {
        hashrateThs: rateOf(board),
        chipTempC: temp(board['chip-temp-max']),
        chips: numberOf(board['effective-chips']),
        frequencyMhz: numberOf(board.freq),
      }
    );
  });
  return {
    ...boardValues(boards),
    ...present({
      hashrateThs: rateOf(summary) ?? sumOf(boards.map((board) => board?.hashrateThs)),
      expectedHashrateThs: numberOf(summary['factory-hash']),
      powerW: numberOf(summary['power-realtime']) ?? numberOf(summary['power-5min']),
      powerLimitW: numberOf(summary['power-limit']),
      inletTempC: temp(summary['environment-temperature']),
      boardTempC: maxOf(list(summary['board-temperature']).map(temp)),
      chipTempC: temp(summary['chip-temp-max']) ?? maxOf(boards.map((board) => board?.chipTempC)),
      fan1Rpm: numberOf(summary['fan-speed-in']),
      fan2Rpm: numberOf(summary['fan-speed-out']),
      frequencyMhz: numberOf(summary['freq-avg']) ?? maxOf(boards.map((board) => board?.frequencyMhz)),
      uptimeS: numberOf(summary.elapsed),
    }),
  };
};

/** API 3 tells no shares, only the part of them that was refused. */
export const parsePools = (status: Fields): { pools: ToldPool[]; values: MinerReading['values'] } => {
  if (!Array.isArray(status.pools)) return { pools: [], values: {} };
  const entries = listOf(status.pools).filter((pool) => textOf(pool.url) !== undefined);
  const active = entries.findIndex((pool) => isYes(pool['stratum-active']));
  return {
    pools: entries.map((pool) => ({ url: textOf(pool.url) ?? '', user: textOf(pool.account) ?? '' })),
    values: present({
      poolsAlive: entries.filter((pool) => textOf(pool.status)?.toLowerCase() === 'alive').length,
      activePool: active < 0 ? undefined : active,
    }),
  };
};

/** Codes such as "541" of `[{"541":"when","reason":"…"}]` or `[{"code":541,…}]`; undefined where it does not say. */
const errorsOf = (raw: unknown): string[] | undefined => {
  if (raw === undefined) return undefined;
  const codes = list(raw).flatMap((entry) => {
    if (typeof entry === 'string' || typeof entry === 'number') return [String(entry)];
    const { code, ...fields } = fieldsOf(entry);
    if (code !== undefined) return textOf(code) ?? numberOf(code)?.toString() ?? [];
    return Object.keys(fields).filter((key) => /^\d{1,6}$/.test(key));
  });
  return [...new Set(codes)].filter((code) => code !== '' && code.length <= 40).slice(0, 32);
};

/** What `get.device.info` says of the machine. */
export const parseDevice = (device: Fields) => {
  const { network, miner, system } = {
    network: fieldsOf(device.network),
    miner: fieldsOf(device.miner),
    system: fieldsOf(device.system),
  };
  const lights = textOf(system.ledstatus)?.toLowerCase();
  return {
    model: textOf(miner.type),
    firmware: textOf(system.fwversion),
    api: textOf(system.api),
    macAddress: textOf(network.mac),
    hostname: textOf(network.hostname),
    serialNumber: textOf(miner['miner-sn']),
    works: miner.working === undefined ? undefined : isYes(miner.working),
    /** The lights are `auto` unless somebody set them. */
    led: lights === undefined ? undefined : lights !== 'auto' && lights !== 'off',
    errorCodes: errorsOf(device['error-code']),
  };
};

/** The power mode of `get.miner.setting`. */
export const modeOf = (setting: Fields): PowerMode | undefined => {
  const word = textOf(setting['power-mode'])?.toLowerCase();
  return word === 'low' || word === 'normal' || word === 'high' ? word : undefined;
};
