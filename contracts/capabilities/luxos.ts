import type { CapabilityRow } from './capability.ts';

const profilesOnly = {
  en: 'LuxOS has profiles, not power modes: set a power limit or a frequency, which chooses one',
  zh: 'LuxOS 使用配置档而非功耗模式：请设置功率上限或频率，由其选定配置档',
};

/**
 * LuxOS, from docs.luxor.tech (LuxOS API). A power limit chooses the strongest profile whose expected watts stay below it; a frequency
 * must be one that a profile has.
 */
export const luxosCapabilities: readonly CapabilityRow[] = [
  {
    firmware: 'LuxOS',
    matches: () => true,
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: true,
      HASHING_ENABLE: true,
      POOL_SET: true,
      SET_FAN: true,
      POWER_MODE: profilesOnly,
      POWER_LIMIT: true,
      FREQUENCY_SET: true,
      LED: true,
    },
  },
];
