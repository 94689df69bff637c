import type { CapabilityRow } from '../capability-table.ts';

const noPowerLimit = 'stock Antminer firmware takes power modes, not a limit in watts';
const formsOnly = 'this firmware takes forms, not the JSON configuration';

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
