import type { CapabilityRow } from './capability.ts';

const presetsOnly = {
  en: 'VNish has presets, not power modes: set a power limit, which chooses one',
  zh: 'VNish 使用预设而非功耗模式：请设置功率上限，由其选定预设',
};

/** VNish, from the API document that its firmware serves. A power limit chooses the strongest preset whose watts stay below it. */
export const vnishCapabilities: readonly CapabilityRow[] = [
  {
    firmware: 'VNish',
    matches: () => true,
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: true,
      HASHING_ENABLE: true,
      POOL_SET: true,
      SET_FAN: true,
      POWER_MODE: presetsOnly,
      POWER_LIMIT: true,
      FREQUENCY_SET: true,
      LED: true,
    },
  },
];
