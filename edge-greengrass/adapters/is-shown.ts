import type { MinerReading } from '../../contracts/reading.ts';
import { hasRestarted } from './has-restarted.ts';
import type { Look } from './plain-adapter.ts';
import type { Wanted } from './put-back.ts';

/** Whether what was wanted shows in what the miner is set to and, where it stops or starts, in what it does. */
export const isShown = (wanted: Wanted, before: MinerReading, now: Look, sinceMs: number): boolean => {
  const { reading } = now;
  switch (wanted.type) {
    case 'MINER_RESTART':
      return hasRestarted(before, reading, sinceMs);
    case 'HASHING_DISABLE':
      return reading.state === 'stopped';
    case 'HASHING_ENABLE':
      return reading.state === 'hashing';
    case 'POWER_MODE':
      return reading.mode === wanted.params.mode;
    case 'POWER_LIMIT':
      return reading.values.powerLimitW === wanted.params.limitW;
    case 'SET_FAN':
      return now.fan === wanted.params.dutyPct;
    case 'FAN_AUTO':
      return now.fan === 'auto';
    case 'POOL_SET':
      return wanted.params.pools.every(
        ({ url, user }, at) => now.pools?.[at]?.url === url && now.pools[at]?.user === user,
      );
    case 'LED':
      return now.led === wanted.params.on;
    case 'FREQUENCY_SET':
      return now.frequencyMhz !== undefined && Math.abs(now.frequencyMhz - wanted.params.frequencyMhz) < 1;
  }
};
