import type { CapabilityRow } from './capability.ts';

const targetsOnly = {
  en: 'a Proto Rig has no power modes: it takes a power target in watts',
  zh: 'Proto Rig 没有功耗模式，请设置以瓦为单位的功率目标',
};
const noFrequency = {
  en: 'a Proto Rig chooses its frequencies itself, for its power target',
  zh: 'Proto Rig 按功率目标自行选择频率',
};
const noWayBack = {
  en: 'the light of a Proto Rig goes out by itself and cannot be read back, so its effect could never be shown',
  zh: 'Proto Rig 的定位灯会自行熄灭且无法读回，因此无法证明其效果',
};

/** Proto OS of the Proto Rig, from the maker's OpenAPI document (MDK-API.json, in block/proto-fleet). */
export const protoCapabilities: readonly CapabilityRow[] = [
  {
    firmware: 'Proto OS',
    matches: () => true,
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: true,
      HASHING_ENABLE: true,
      POOL_SET: true,
      SET_FAN: true,
      POWER_MODE: targetsOnly,
      POWER_LIMIT: true,
      FREQUENCY_SET: noFrequency,
      LED: noWayBack,
    },
  },
];
