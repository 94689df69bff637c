import type { MinerOrder } from '../../../contracts/command.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import { type Fields, numberOf, textOf } from '../values.ts';
import { type MinerConf, manualFanPctOf, poolsOf } from './miner-conf.ts';

/** The work mode in which an S17 sleeps (Foreman's agent, tested against a T17+ of 2020). */
const asleep = '254';
/** The mode that Foreman's agent wakes it up with, where nobody remembers another. */
const awake = '0';

export const isAsleep = (conf: MinerConf) => numberOf(conf['bitmain-work-mode']) === Number(asleep);
export const workModeOf = (conf: MinerConf) =>
  textOf(conf['bitmain-work-mode']) ?? numberOf(conf['bitmain-work-mode'])?.toString();

const plainNumber = /^\d{2,4}(?:\.\d{1,2})?$/;

/**
 * The configuration after the order, or undefined where this generation has no such setting. `resumeMode` is the work mode that the
 * miner had before it slept.
 */
export const formConfAfter = (
  order: MinerOrder,
  conf: MinerConf,
  resumeMode: string | undefined,
): Fields | undefined => {
  switch (order.type) {
    case 'HASHING_DISABLE':
      return 'bitmain-work-mode' in conf ? { ...conf, 'bitmain-work-mode': asleep } : undefined;
    case 'HASHING_ENABLE':
      return isAsleep(conf) ? { ...conf, 'bitmain-work-mode': resumeMode ?? awake } : conf;
    case 'POWER_MODE':
      return order.params.mode === 'sleep'
        ? formConfAfter({ type: 'HASHING_DISABLE', params: {} }, conf, resumeMode)
        : undefined;
    case 'SET_FAN':
      return { ...conf, 'bitmain-fan-ctrl': true, 'bitmain-fan-pwm': String(order.params.dutyPct) };
    case 'FREQUENCY_SET':
      return plainNumber.test(textOf(conf['bitmain-freq']) ?? '')
        ? { ...conf, 'bitmain-freq': String(Math.round(order.params.frequencyMhz)) }
        : undefined;
    case 'POOL_SET':
      return {
        ...conf,
        pools: order.params.pools.map(({ url, user, password }) => ({ url, user, pass: password })),
      };
    default:
      return undefined;
  }
};

const text = (value: unknown, otherwise: string) =>
  typeof value === 'boolean' ? String(value) : (textOf(value) ?? numberOf(value)?.toString() ?? otherwise);

/**
 * What each field of the form is in the configuration, as BTC Tools' open Lua scripts have it for S4 to S17; a field that is not
 * here is none that may be written.
 */
const fieldOf = (conf: MinerConf, name: string): string | undefined => {
  const pool = /^_ant_pool([123])(url|user|pw)$/.exec(name);
  if (pool) {
    const entry = poolsOf(conf)[Number(pool[1]) - 1];
    return (pool[2] === 'url' ? entry?.url : pool[2] === 'user' ? entry?.user : entry?.pass) ?? '';
  }
  const manualPct = manualFanPctOf(conf);
  switch (name) {
    case '_ant_nobeeper':
      return text(conf['bitmain-nobeeper'], 'false');
    case '_ant_notempoverctrl':
      return text(conf['bitmain-notempoverctrl'], 'false');
    case '_ant_fan_customize_switch':
      return String(manualPct !== undefined);
    case '_ant_fan_customize_value':
      return manualPct === undefined ? '' : String(manualPct);
    case '_ant_freq':
      return text(conf['bitmain-freq'], '');
    case '_ant_voltage':
      return text(conf['bitmain-voltage'], '');
    case '_ant_work_mode':
      return text(conf['bitmain-work-mode'], '');
    case '_ant_asic_boost':
      return text(conf['bitmain-close-asic-boost'], 'false');
    case '_ant_low_vol_freq':
      return text(conf['bitmain-close-low-vol-freq'], 'true');
    case '_ant_economic_mode':
      return text(conf['bitmain-economic-mode'], 'false');
    case '_ant_multi_level':
      return text(conf['bitmain-low-vol'] ?? conf['bitmain-ex-hashrate'], '1');
    case '_ant_force_tuning':
      return 'false';
    default:
      return undefined;
  }
};

const start = 'data:';
const fieldName = /^_ant_[a-z0-9_]{1,40}$/;

/**
 * The fields in the order in which the settings page sends them, from its script: `data: {_ant_pool1url:_ant_pool1url, …}`.
 * The CGI script on the miner takes them by their place, and places differ between firmwares. Throws MinerFault `denied` where
 * the page does not say it.
 */
export const formOrder = (page: string): string[] => {
  for (let at = page.indexOf(start); at >= 0; at = page.indexOf(start, at + 1)) {
    const open = page.indexOf('{', at);
    const shut = page.indexOf('}', at);
    if (open < 0 || shut < open || page.slice(at + start.length, open).trim() !== '') continue;
    const names = page
      .slice(open + 1, shut)
      .split(',', 60)
      .map((member) => member.split(':', 1)[0]?.trim() ?? '');
    if (names[0] === '_ant_pool1url' && names.every((name) => fieldName.test(name))) return names;
  }
  throw new MinerFault('denied', 'the settings page does not say in which order its form is sent');
};

const escaped = new Set('#$&,+:;<=>?@[]^|/');

/** The script on the miner knows these escapes and no others, and writes what comes into a file of JSON without quoting it. */
const encoded = (value: string): string =>
  [...value]
    .map((char) => {
      if (/[A-Za-z0-9._~!*'()-]/.test(char)) return char;
      if (char === ' ') return '+';
      if (escaped.has(char)) return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
      throw new MinerFault('denied', 'the form of this firmware cannot carry a character of the pools');
    })
    .join('');

/** The form's body. Throws MinerFault `denied` for a field that nobody knows or a value that it cannot carry. */
export const formBody = (conf: MinerConf, names: readonly string[]): string =>
  names
    .map((name) => {
      const value = fieldOf(conf, name);
      if (value === undefined)
        throw new MinerFault('denied', 'the form of this firmware has a field that is not known');
      return `${name}=${encoded(value)}`;
    })
    .join('&');
