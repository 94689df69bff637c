import type { MinerOrder } from '../../contracts/command.ts';
import type { Text } from '../../contracts/text.ts';

/**
 * Why a miner cannot carry out an order, as far as its vendor and model tell; undefined where it may. The gateway, which knows the
 * firmware, has the last word.
 */
export const whyUnsupported = (vendor: string, model: string, order: MinerOrder): Text | undefined => {
  switch (vendor) {
    case 'antminer':
      if (order.type === 'POWER_LIMIT')
        return {
          en: 'stock Antminer firmware takes power modes, not a limit in watts',
          zh: '蚂蚁矿机原厂固件只支持功耗模式，不支持以瓦设限',
        };
      if (order.type !== 'MINER_RESTART' && /\b[ST](?:9|11|15|17)(?![0-9])/.test(model))
        return { en: 'the firmware of this generation can only be restarted', zh: '此代固件只能重启' };
      return undefined;
    case 'whatsminer':
      if (order.type === 'SET_FAN')
        return { en: 'a Whatsminer steers its fans itself', zh: '神马矿机自行控制风扇' };
      if (order.type === 'FREQUENCY_SET')
        return { en: 'a Whatsminer takes a frequency only in percent', zh: '神马矿机只接受百分比频率' };
      if (order.type === 'POWER_MODE' && order.params.mode === 'sleep')
        return { en: 'sleep is HASHING_DISABLE on a Whatsminer', zh: '神马矿机的休眠请使用停机命令' };
      return undefined;
    default:
      return undefined;
  }
};
