import type { CapabilityRow } from './capability.ts';

const noModes = {
  en: 'ePIC firmware has no power modes: set a frequency, or a power limit where the machine can be tuned to one',
  zh: 'ePIC 固件没有功耗模式：请设置频率；若机器支持按功率调节，也可设置功率上限',
};

/**
 * PowerPlay-BMS of ePIC Blockchain, from 256foundation/asic-rs and pyasic. Whether a machine can be tuned to a power limit is among the
 * capabilities that it tells; where it cannot, the gateway refuses the limit.
 */
export const epicCapabilities: readonly CapabilityRow[] = [
  {
    firmware: 'PowerPlay-BMS',
    matches: () => true,
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: true,
      HASHING_ENABLE: true,
      POOL_SET: true,
      SET_FAN: true,
      POWER_MODE: noModes,
      POWER_LIMIT: true,
      FREQUENCY_SET: true,
      LED: true,
    },
  },
];
