import type { CapabilityRow } from './capability.ts';

const noWayBack = {
  en: 'how an Auradine gets its automatic fan control back is not documented',
  zh: 'Auradine 如何恢复自动风扇控制没有公开文档',
};
const tuned = {
  en: 'the tuner of an Auradine sets its clocks, for a mode or a target in watts',
  zh: 'Auradine 的频率由调谐器按模式或功率目标设定',
};
const sleepIsStop = { en: 'sleep is HASHING_DISABLE on an Auradine', zh: 'Auradine 的休眠请使用停机命令' };

/** Auradine's FluxOS. The maker publishes no document; see the adapter for the clients that it is taken from. */
export const auradineCapabilities: readonly CapabilityRow[] = [
  {
    firmware: 'FluxOS',
    matches: () => true,
    orders: {
      MINER_RESTART: true,
      HASHING_DISABLE: true,
      HASHING_ENABLE: true,
      POOL_SET: true,
      SET_FAN: noWayBack,
      POWER_MODE: { modes: ['low', 'normal', 'high'], otherwise: sleepIsStop },
      POWER_LIMIT: true,
      FREQUENCY_SET: tuned,
      LED: true,
    },
  },
];
