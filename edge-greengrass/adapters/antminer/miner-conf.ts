import type { MinerOrder } from '../../../contracts/command.ts';
import type { PowerMode } from '../../../contracts/reading.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import { type Fields, listOf, numberOf, textOf } from '../values.ts';

/** `get_miner_conf.cgi` as read. `set_miner_conf.cgi` replaces the whole of it. */
export type MinerConf = Fields;

const modeNumbers: Readonly<Record<PowerMode, number>> = { normal: 0, sleep: 1, high: 2, low: 3 };
/** 5 stands for "not mining" on firmware from July 2023. */
const notMining = 5;

const modeNumber = (conf: MinerConf) => numberOf(conf['miner-mode']) ?? numberOf(conf['bitmain-work-mode']);

/** A configuration of the generations before the S19, which have other modes and take forms. */
export const isFormConf = (conf: MinerConf) =>
  'bitmain-freq' in conf && !['freq-level', 'bitmain-freq-level', 'miner-mode'].some((name) => name in conf);
/** How an S17 sleeps; what its other numbers mean is not documented. */
const formAsleep = 254;

export const modeOf = (conf: MinerConf): PowerMode | undefined => {
  const number = modeNumber(conf);
  if (isFormConf(conf)) return number === formAsleep ? 'sleep' : undefined;
  if (number === notMining) return 'sleep';
  return (Object.keys(modeNumbers) as PowerMode[]).find((mode) => modeNumbers[mode] === number);
};

export const levelPctOf = (conf: MinerConf) =>
  numberOf(conf['freq-level']) ?? numberOf(conf['bitmain-freq-level']) ?? 100;

/** Manual fan duty in percent, or undefined while the firmware steers the fans itself. */
export const manualFanPctOf = (conf: MinerConf) => {
  const manual = conf['bitmain-fan-ctrl'];
  return manual === true || manual === 'true' ? numberOf(conf['bitmain-fan-pwm']) : undefined;
};

export const poolsOf = (conf: MinerConf) =>
  listOf(conf.pools).map((pool) => ({
    url: textOf(pool.url) ?? '',
    user: textOf(pool.user) ?? '',
    pass: typeof pool.pass === 'string' ? pool.pass : '',
  }));

/** Firmware that reads back text gets text, the rest numbers: some accepts only the one, some only the other. */
const like = (sample: unknown, value: number) => (typeof sample === 'string' ? String(value) : value);

const whole = (conf: MinerConf): Record<string, unknown> => {
  const mode = modeNumber(conf);
  return {
    ...conf,
    'bitmain-fan-ctrl': conf['bitmain-fan-ctrl'] ?? false,
    'bitmain-fan-pwm': conf['bitmain-fan-pwm'] ?? '100',
    'freq-level': conf['freq-level'] ?? conf['bitmain-freq-level'] ?? '100',
    'miner-mode': conf['miner-mode'] ?? (mode === undefined ? 0 : like(conf['bitmain-work-mode'], mode)),
    pools: poolsOf(conf),
  };
};

const withMode = (conf: MinerConf, mode: PowerMode) => {
  const next = whole(conf);
  const number = modeNumbers[mode];
  next['miner-mode'] = like(next['miner-mode'], number);
  if ('bitmain-work-mode' in conf) next['bitmain-work-mode'] = like(conf['bitmain-work-mode'], number);
  return next;
};

const settingsOf: Readonly<Partial<Record<MinerOrder['type'], readonly string[]>>> = {
  HASHING_DISABLE: ['miner-mode', 'bitmain-work-mode'],
  HASHING_ENABLE: ['miner-mode', 'bitmain-work-mode'],
  POWER_MODE: ['miner-mode', 'bitmain-work-mode'],
  SET_FAN: ['bitmain-fan-ctrl', 'bitmain-fan-pwm'],
  FREQUENCY_SET: ['freq-level', 'bitmain-freq-level'],
  POOL_SET: ['pools'],
};

/** The present configuration with what the order changes as it was before; undefined where the order changes none of it. */
export const confRestored = (order: MinerOrder, before: MinerConf, now: MinerConf) => {
  const settings =
    order.type === 'FREQUENCY_SET' && isFormConf(now) ? ['bitmain-freq'] : settingsOf[order.type];
  if (!settings) return undefined;
  if (isFormConf(now)) {
    const kept = Object.entries(now).filter(([name]) => !settings.includes(name));
    const put = settings.filter((name) => name in before).map((name) => [name, before[name]] as const);
    return Object.fromEntries([...kept, ...put]);
  }
  const was = whole(before);
  const restored = settings.filter((name) => name in now || name in whole(now));
  return { ...whole(now), ...Object.fromEntries(restored.map((name) => [name, was[name]])) };
};

/** Percent of the model's own frequency that gives the wanted one, reckoned from what runs at the present level. */
const levelFor = (conf: MinerConf, wantedMhz: number, runningMhz: number | undefined) => {
  if (!runningMhz) throw new MinerFault('unparseable', 'the miner does not say its present frequency');
  return Math.round((wantedMhz * levelPctOf(conf)) / runningMhz);
};

/**
 * The whole configuration after the order, or undefined when the order is not one of configuration. `runningMhz` is
 * the frequency that the miner reports now; FREQUENCY_SET needs it, because the firmware takes percent. `resumeMode` is what the miner ran
 * in before it slept.
 */
export const confAfter = (
  order: MinerOrder,
  conf: MinerConf,
  runningMhz: number | undefined,
  resumeMode: PowerMode = 'normal',
) => {
  switch (order.type) {
    case 'HASHING_DISABLE':
      return withMode(conf, 'sleep');
    case 'HASHING_ENABLE':
      return modeOf(conf) === 'sleep' ? withMode(conf, resumeMode) : whole(conf);
    case 'POWER_MODE':
      return withMode(conf, order.params.mode);
    case 'SET_FAN':
      return { ...whole(conf), 'bitmain-fan-ctrl': true, 'bitmain-fan-pwm': String(order.params.dutyPct) };
    case 'FREQUENCY_SET': {
      const level = String(levelFor(conf, order.params.frequencyMhz, runningMhz));
      const next: Record<string, unknown> = { ...whole(conf), 'freq-level': level };
      if ('bitmain-freq-level' in conf) next['bitmain-freq-level'] = level;
      return next;
    }
    case 'POOL_SET': {
      const wanted = order.params.pools.map(({ url, user, password }) => ({ url, user, pass: password }));
      const empty = { url: '', user: '', pass: '' };
      return { ...whole(conf), pools: [...wanted, empty, empty].slice(0, 3) };
    }
    default:
      return undefined;
  }
};
