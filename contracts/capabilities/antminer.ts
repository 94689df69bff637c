import type { CapabilityRow, KnownFirmware } from './capability.ts';

const noPowerLimit = {
  en: 'stock Antminer firmware takes power modes, not a limit in watts',
  zh: '蚂蚁矿机原厂固件只支持功耗模式，不支持以瓦设限',
};
const noSleep = {
  en: 'the firmware of this generation cannot sleep: it can only be restarted or be given pools and fans',
  zh: '此代固件没有休眠功能：只能重启，或设置矿池与风扇',
};
const noModes = {
  en: 'the firmware of this generation has no power modes that are documented',
  zh: '此代固件没有公开文档的功耗模式',
};
const tunesItself = {
  en: 'the firmware of this generation tunes its frequencies itself',
  zh: '此代固件自行调节频率',
};

const generation =
  (pattern: RegExp) =>
  ({ model }: KnownFirmware) =>
    pattern.test(model);

/** Stock firmware of Antminers. The S19 and S21 generations share the JSON web interface; those before them take forms. */
export const antminerCapabilities: readonly CapabilityRow[] = [
  {
    firmware: 'form-based web interface with work modes (S17, T17)',
    matches: generation(/\b[ST]17/),
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: true,
      HASHING_ENABLE: true,
      POOL_SET: true,
      SET_FAN: true,
      POWER_MODE: {
        modes: ['sleep'],
        otherwise: {
          en: 'which number stands for which power mode of this generation is not documented; only sleep is',
          zh: '此代固件功耗模式的编号没有公开文档，只有休眠是已知的',
        },
      },
      POWER_LIMIT: noPowerLimit,
      FREQUENCY_SET: tunesItself,
      LED: true,
    },
  },
  {
    firmware: 'form-based web interface (S9, T9, S11, S15, T15)',
    matches: generation(/\b[ST](?:9|11|15)(?![0-9])/),
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: noSleep,
      HASHING_ENABLE: noSleep,
      POOL_SET: true,
      SET_FAN: true,
      POWER_MODE: noModes,
      POWER_LIMIT: noPowerLimit,
      FREQUENCY_SET: true,
      LED: true,
    },
  },
  {
    firmware: 'JSON web interface (S19, S21 and later)',
    matches: () => true,
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: true,
      HASHING_ENABLE: true,
      POOL_SET: true,
      SET_FAN: true,
      POWER_MODE: true,
      POWER_LIMIT: noPowerLimit,
      FREQUENCY_SET: true,
      LED: true,
    },
  },
];
