import type { CapabilityRow } from './capability.ts';

const noFan = {
  en: 'no way to set the fans of a Sealminer is known',
  zh: '尚无已知方法设置 Sealminer 的风扇',
};
const modesUnknown = {
  en: 'which number stands for which power mode of a Sealminer is not documented; set a power limit instead',
  zh: 'Sealminer 功耗模式的编号没有公开文档；请改用功率上限',
};
const noFrequency = {
  en: 'a Sealminer tunes its frequency itself, under a power limit',
  zh: 'Sealminer 在功率上限之内自行调节频率',
};

/**
 * Bitdeer's stock firmware (bdminer) of Sealminers. The vendor publishes no document: what stands here was seen in use by
 * 256foundation/asic-rs and by bitcap-ipr, and what neither does is refused.
 */
export const sealminerCapabilities: readonly CapabilityRow[] = [
  {
    firmware: 'bdminer',
    matches: () => true,
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: true,
      HASHING_ENABLE: true,
      POOL_SET: true,
      SET_FAN: noFan,
      POWER_MODE: modesUnknown,
      POWER_LIMIT: true,
      FREQUENCY_SET: noFrequency,
      LED: true,
    },
  },
];
