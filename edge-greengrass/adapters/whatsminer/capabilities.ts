import type { CapabilityRow } from '../capability-table.ts';

const noFan = 'API 2 steers the fans itself and has no command for their duty';
const percentOnly = 'API 2 takes a frequency only in percent of the factory target';
const otherApi = 'this firmware speaks API 3, which this gateway does not write yet';

/** MicroBT firmware by API version, as `get_version` names it. */
export const whatsminerCapabilities: readonly CapabilityRow[] = [
  {
    firmware: 'API 2.0.x',
    matches: ({ apiVersion }) => /^2\./.test(apiVersion),
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: true,
      HASHING_ENABLE: true,
      POOL_SET: true,
      SET_FAN: noFan,
      POWER_MODE: { modes: ['low', 'normal', 'high'], otherwise: 'sleep is HASHING_DISABLE on a Whatsminer' },
      POWER_LIMIT: true,
      FREQUENCY_SET: percentOnly,
      LED: true,
    },
  },
  {
    firmware: 'API 3',
    matches: ({ apiVersion }) => /^3\./.test(apiVersion),
    orders: {
      MINER_RESTART: otherApi,
      HASHING_DISABLE: otherApi,
      HASHING_ENABLE: otherApi,
      POOL_SET: otherApi,
      SET_FAN: otherApi,
      POWER_MODE: otherApi,
      POWER_LIMIT: otherApi,
      FREQUENCY_SET: otherApi,
      LED: otherApi,
    },
  },
];
