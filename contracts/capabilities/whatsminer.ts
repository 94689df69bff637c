import type { CapabilityRow } from './capability.ts';

const noFan = { en: 'a Whatsminer steers its fans itself', zh: '神马矿机自行控制风扇' };
const percentOnly = {
  en: 'a Whatsminer takes a frequency only in percent of the factory target',
  zh: '神马矿机只接受相对出厂目标的百分比频率',
};
const sleepIsStop = { en: 'sleep is HASHING_DISABLE on a Whatsminer', zh: '神马矿机的休眠请使用停机命令' };
/** MicroBT firmware by API version, as `get_version` names it; API 2 where nobody has asked the miner yet. */
export const whatsminerCapabilities: readonly CapabilityRow[] = [
  {
    firmware: 'API 2.0.x',
    matches: ({ apiVersion }) => apiVersion === undefined || /^2\./.test(apiVersion),
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: true,
      HASHING_ENABLE: true,
      POOL_SET: true,
      SET_FAN: noFan,
      POWER_MODE: { modes: ['low', 'normal', 'high'], otherwise: sleepIsStop },
      POWER_LIMIT: true,
      FREQUENCY_SET: percentOnly,
      LED: true,
    },
  },
  {
    /** Of API 3 the operator must have opened the write access on the miner itself. */
    firmware: 'API 3',
    matches: ({ apiVersion }) => apiVersion !== undefined && /^3(\.|$)/.test(apiVersion),
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: true,
      HASHING_ENABLE: true,
      POOL_SET: true,
      SET_FAN: noFan,
      POWER_MODE: { modes: ['low', 'normal', 'high'], otherwise: sleepIsStop },
      POWER_LIMIT: true,
      FREQUENCY_SET: percentOnly,
      LED: true,
    },
  },
];
