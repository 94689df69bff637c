import type { CapabilityRow } from './capability.ts';

const noPowerLimit = {
  en: 'stock Antminer firmware takes power modes, not a limit in watts',
  zh: '蚂蚁矿机原厂固件只支持功耗模式，不支持以瓦设限',
};
const formsOnly = {
  en: 'the firmware of this generation can only be restarted: it takes forms, not the JSON configuration',
  zh: '此代固件只能重启：它只接受表单，不接受 JSON 配置',
};

/** Stock firmware of Antminers. The S19 and S21 generations share the JSON web interface; the S9's and S17's is older. */
export const antminerCapabilities: readonly CapabilityRow[] = [
  {
    firmware: 'form-based web interface (S9, T9, S15, S17)',
    matches: ({ model }) => /\b[ST](?:9|11|15|17)(?![0-9])/.test(model),
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: formsOnly,
      HASHING_ENABLE: formsOnly,
      POOL_SET: formsOnly,
      SET_FAN: formsOnly,
      POWER_MODE: formsOnly,
      POWER_LIMIT: noPowerLimit,
      FREQUENCY_SET: formsOnly,
      LED: formsOnly,
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
