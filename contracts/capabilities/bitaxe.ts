import type { CapabilityRow } from './capability.ts';

const notYet = {
  en: 'this gateway reads AxeOS from recordings only, and does not write it',
  zh: '网关目前只从录制数据读取 AxeOS，不能写入',
};

/** AxeOS of Bitaxe and NerdAxe. */
export const bitaxeCapabilities: readonly CapabilityRow[] = [
  {
    firmware: 'AxeOS',
    matches: () => true,
    orders: {
      MINER_RESTART: notYet,
      HASHING_DISABLE: notYet,
      HASHING_ENABLE: notYet,
      POOL_SET: notYet,
      SET_FAN: notYet,
      POWER_MODE: notYet,
      POWER_LIMIT: notYet,
      FREQUENCY_SET: notYet,
      LED: notYet,
    },
  },
];
