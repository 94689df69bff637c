import type { CapabilityRow } from './capability.ts';

const modesOnly = {
  en: 'an Elphapex takes work modes, not a limit in watts',
  zh: 'Elphapex 只支持工作模式，不支持以瓦设限',
};
const highIsOverclocking = {
  en: 'the high mode of an Elphapex is overclocking, whose meaning is not documented; it takes low, normal and sleep',
  zh: 'Elphapex 的高性能模式即超频，含义没有公开文档；可用低功耗、普通和休眠',
};
const unitUnknown = {
  en: 'in which unit an Elphapex takes frequencies is not documented',
  zh: 'Elphapex 频率参数的单位没有公开文档',
};

/** Stock firmware of Elphapex's DG series (Scrypt). The vendor publishes no document; see the adapter for who was seen doing what. */
export const elphapexCapabilities: readonly CapabilityRow[] = [
  {
    firmware: 'DG series stock firmware',
    matches: () => true,
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: true,
      HASHING_ENABLE: true,
      POOL_SET: true,
      SET_FAN: true,
      POWER_MODE: { modes: ['low', 'normal', 'sleep'], otherwise: highIsOverclocking },
      POWER_LIMIT: modesOnly,
      FREQUENCY_SET: unitUnknown,
      LED: true,
    },
  },
];
