import type { MinerOrder } from '../../../contracts/command.ts';
import type { MinerReading } from '../../../contracts/reading.ts';
import { hasRestarted } from '../has-restarted.ts';
import type { MinerSnapshot } from '../miner-adapter.ts';
import { fieldsOf, numberOf } from '../values.ts';
import {
  confAfter,
  isFormConf,
  levelPctOf,
  type MinerConf,
  manualFanPctOf,
  modeOf,
  poolsOf,
} from './miner-conf.ts';

/** Whether the miner shows again what it had before the order. */
export const antminerRestored = (order: MinerOrder, before: MinerSnapshot, now: Now): boolean => {
  const was = fieldsOf(before.settings.conf);
  switch (order.type) {
    case 'HASHING_DISABLE':
    case 'HASHING_ENABLE':
      return (
        modeOf(now.conf) === modeOf(was) &&
        now.reading.state === (modeOf(was) === 'sleep' ? 'stopped' : 'hashing')
      );
    case 'POWER_MODE':
      return modeOf(now.conf) === modeOf(was);
    case 'SET_FAN':
      return manualFanPctOf(now.conf) === manualFanPctOf(was);
    case 'FREQUENCY_SET':
      return isFormConf(now.conf)
        ? setMhz(now.conf) === setMhz(was)
        : levelPctOf(now.conf) === levelPctOf(was);
    case 'POOL_SET': {
      const pools = poolsOf(now.conf);
      return poolsOf(was).every(({ url, user }, at) => pools[at]?.url === url && pools[at]?.user === user);
    }
    case 'LED':
      return isOn(now.blink) === isOn(before.settings.blink);
    case 'MINER_RESTART':
    case 'POWER_LIMIT':
      return false;
  }
};

/** The frequency of the generations that take forms. */
const setMhz = (conf: MinerConf) => numberOf(conf['bitmain-freq']);

const isOn = (blink: unknown) => blink === true || blink === 'true';

type Now = { readonly reading: MinerReading; readonly conf: MinerConf; readonly blink: unknown };

/** Whether the miner, as read now, shows what the order asked for: in its configuration and in what it does. */
export const antminerEffectSeen = (
  order: MinerOrder,
  before: MinerSnapshot,
  now: Now,
  sinceMs: number,
): boolean => {
  const { reading, conf } = now;
  switch (order.type) {
    case 'MINER_RESTART':
      return hasRestarted(before.reading, reading, sinceMs);
    case 'HASHING_DISABLE':
      return modeOf(conf) === 'sleep' && reading.state === 'stopped';
    case 'HASHING_ENABLE':
      return modeOf(conf) !== 'sleep' && reading.state === 'hashing';
    case 'POWER_MODE':
      return modeOf(conf) === order.params.mode;
    case 'SET_FAN':
      return manualFanPctOf(conf) === order.params.dutyPct;
    case 'FREQUENCY_SET': {
      if (isFormConf(conf)) return setMhz(conf) === Math.round(order.params.frequencyMhz);
      const wanted = confAfter(order, fieldsOf(before.settings.conf), before.reading.values.frequencyMhz);
      return wanted !== undefined && levelPctOf(conf) === levelPctOf(wanted);
    }
    case 'POOL_SET': {
      const pools = poolsOf(conf);
      return order.params.pools.every(
        ({ url, user }, at) => pools[at]?.url === url && pools[at]?.user === user,
      );
    }
    case 'LED':
      return isOn(now.blink) === order.params.on;
    case 'POWER_LIMIT':
      return false;
  }
};
