import * as z from 'zod';
import type { ActionType } from '../../contracts/api-advisor.ts';
import { type MinerOrder, minerOrder } from '../../contracts/command.ts';
import { powerModes } from '../../contracts/reading.ts';
import { fail, type Result, succeed } from '../shared/result.ts';

/** The actions that end in no command: a person or nobody acts. */
export const isAdviceOnly = (type: ActionType) => type === 'alert_only' || type === 'manual_review';

const fan = z.object({ speed: z.number().min(10).max(100) });
const frequency = z.object({ frequency_mhz: z.number().min(50).max(1_500) });
const pools = z.object({ pools: z.array(z.unknown()).min(1).max(3) });
const mode = z.object({ mode: z.enum([...powerModes, 'stop']).optional() });

/**
 * The command that carries an action out on each of its targets; undefined for advice only. `validation_failed` where
 * the action lacks its parameter: `adjust_fan` {speed: 10 to 100 %}, `adjust_frequency` {frequency_mhz},
 * `switch_pool` {pools}, `curtail` {mode: sleep (default), low or stop}, `restore` {mode?: normal}.
 */
export const planAction = (
  type: ActionType,
  params: Readonly<Record<string, unknown>>,
): Result<MinerOrder | undefined> => {
  switch (type) {
    case 'alert_only':
    case 'manual_review':
      return succeed(undefined);
    case 'reboot':
      return succeed({ type: 'MINER_RESTART', params: {} });
    case 'power_off':
      return succeed({ type: 'HASHING_DISABLE', params: {} });
    case 'power_on':
      return succeed({ type: 'HASHING_ENABLE', params: {} });
    case 'adjust_fan':
      return withParams(fan, params, 'action_params.speed must be 10 to 100', ({ speed }) => ({
        type: 'SET_FAN',
        params: { dutyPct: Math.round(speed) },
      }));
    case 'adjust_frequency':
      return withParams(
        frequency,
        params,
        'action_params.frequency_mhz must be 50 to 1500',
        ({ frequency_mhz }) => ({
          type: 'FREQUENCY_SET',
          params: { frequencyMhz: frequency_mhz },
        }),
      );
    case 'switch_pool':
      return withParams(pools, params, 'action_params.pools must be a non-empty array', (given) => ({
        type: 'POOL_SET',
        params: given,
      }));
    case 'curtail':
      return withParams(
        mode,
        params,
        'action_params.mode must be sleep, low or stop',
        ({ mode: chosen = 'sleep' }) =>
          chosen === 'stop'
            ? { type: 'HASHING_DISABLE', params: {} }
            : { type: 'POWER_MODE', params: { mode: chosen } },
      );
    case 'restore':
      return withParams(mode, params, 'action_params.mode must be normal', ({ mode: chosen }) =>
        chosen === undefined || chosen === 'stop'
          ? { type: 'HASHING_ENABLE', params: {} }
          : { type: 'POWER_MODE', params: { mode: chosen } },
      );
  }
};

const withParams = <T>(
  schema: z.ZodType<T>,
  params: unknown,
  message: string,
  build: (params: T) => unknown,
): Result<MinerOrder> => {
  const given = schema.safeParse(params);
  const order = given.success ? minerOrder.safeParse(build(given.data)) : undefined;
  return order?.success
    ? succeed(order.data)
    : fail('validation_failed', message, [{ field: 'action_params', message }]);
};
