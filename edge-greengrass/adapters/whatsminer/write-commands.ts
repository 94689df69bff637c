import type { MinerOrder } from '../../../contracts/command.ts';

export type WhatsminerWrite = {
  readonly command: string;
  readonly params: Readonly<Record<string, string | number>>;
};

const noParams = {};

/** The API 2 command of an order, or undefined where it has none (see the capability table). */
export const writeFor = (order: MinerOrder): WhatsminerWrite | undefined => {
  switch (order.type) {
    case 'MINER_RESTART':
      return { command: 'reboot', params: noParams };
    case 'HASHING_DISABLE':
      return { command: 'power_off', params: { respbefore: 'true' } };
    case 'HASHING_ENABLE':
      return { command: 'power_on', params: noParams };
    case 'POWER_MODE':
      return order.params.mode === 'sleep'
        ? undefined
        : { command: `set_${order.params.mode}_power`, params: noParams };
    case 'POWER_LIMIT':
      return { command: 'adjust_power_limit', params: { power_limit: String(order.params.limitW) } };
    case 'POOL_SET': {
      const slots = [0, 1, 2].flatMap((at) => {
        const pool = order.params.pools[at];
        return [
          [`pool${at + 1}`, pool?.url ?? ''],
          [`worker${at + 1}`, pool?.user ?? ''],
          [`passwd${at + 1}`, pool?.password ?? ''],
        ] as const;
      });
      return { command: 'update_pools', params: Object.fromEntries(slots) };
    }
    case 'LED':
      return {
        command: 'set_led',
        params: order.params.on ? { color: 'red', period: 200, duration: 100, start: 0 } : { param: 'auto' },
      };
    case 'SET_FAN':
    case 'FREQUENCY_SET':
      return undefined;
  }
};
