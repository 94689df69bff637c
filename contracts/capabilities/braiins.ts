import type { CapabilityRow } from './capability.ts';

const targetsOnly = {
  en: 'Braiins OS has no power modes: it takes a power target in watts',
  zh: 'Braiins OS 没有功耗模式，请设置以瓦为单位的功率目标',
};
const tunesItself = {
  en: 'Braiins OS chooses the clock of each chip itself, for its power target',
  zh: 'Braiins OS 按功率目标自行选择每颗芯片的频率',
};

/**
 * Braiins OS, by its REST API (OpenAPI document at developer.braiins-os.com) or, before it, by GraphQL (256foundation/asic-rs,
 * `braiins`).
 */
export const braiinsCapabilities: readonly CapabilityRow[] = [
  {
    firmware: 'Braiins OS',
    matches: () => true,
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: true,
      HASHING_ENABLE: true,
      POOL_SET: true,
      SET_FAN: true,
      POWER_MODE: targetsOnly,
      POWER_LIMIT: true,
      FREQUENCY_SET: tunesItself,
      LED: true,
    },
  },
];
