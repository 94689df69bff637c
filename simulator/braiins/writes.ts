import * as z from 'zod';
import type { BraiinsDevice } from './device.ts';

/** What a write answers and does; undefined where its body is wrong. */
type Write = (
  device: BraiinsDevice,
  body: unknown,
) => { readonly answer: unknown; readonly effect: () => void } | undefined;

const pause: Write = (device) => ({
  answer: device.paused,
  effect: () => device.miner.set({ hashing: false }),
});

const resume: Write = (device) => ({
  answer: !device.paused,
  effect: () => device.miner.set({ hashing: true }),
});

const restart: Write = (device) => ({ answer: true, effect: () => device.restart() });

const locate: Write = ({ miner }, body) => {
  const wanted = z.boolean().safeParse(body);
  return wanted.success
    ? { answer: wanted.data, effect: () => miner.set({ ledOn: wanted.data }) }
    : undefined;
};

const powerTarget: Write = (device, body) => {
  const { min, max } = device.powerRangeW;
  const wanted = z.object({ watt: z.int().min(min).max(max) }).safeParse(body);
  if (!wanted.success) return undefined;
  const { watt } = wanted.data;
  return {
    answer: { watt },
    effect: () => {
      device.powerTargetW = watt;
      device.miner.set({ powerLimitW: watt });
    },
  };
};

const celsius = z.object({ degree_c: z.number().min(0).max(200) });
const coolingBody = z.union([
  z.object({ manual: z.looseObject({ fan_speed_ratio: z.number().min(0).max(1) }) }),
  z.object({ auto: z.looseObject({ target_temperature: celsius.optional() }) }),
]);

const coolingMode: Write = ({ miner }, body) => {
  const wanted = coolingBody.safeParse(body);
  if (!wanted.success) return undefined;
  const { data } = wanted;
  return {
    answer: data,
    effect: () =>
      miner.set({
        fanDutyPct: 'manual' in data ? Math.round(data.manual.fan_speed_ratio * 100) : undefined,
      }),
  };
};

const poolUrl = z.string().regex(/^(stratum\+(tcp|ssl)|stratum2\+tcp|drain):\/\/\S{1,250}$/);
const groupsBody = z
  .array(
    z.looseObject({
      name: z.string().max(100),
      pools: z.array(
        z.looseObject({
          url: poolUrl,
          user: z.string().max(250),
          password: z.string().max(250).nullish(),
          enabled: z.boolean().nullish(),
        }),
      ),
      load_balance_strategy: z
        .looseObject({ quota: z.object({ value: z.int().min(0) }).optional() })
        .nullish(),
    }),
  )
  .min(1)
  .max(10);

/** All groups are replaced, and bosminer restarts (`pool.proto`). */
const poolsBatch: Write = (device, body) => {
  const wanted = groupsBody.safeParse(body);
  if (!wanted.success) return undefined;
  const [first] = wanted.data;
  const pools = wanted.data.flatMap((group) => group.pools);
  return {
    answer: wanted.data,
    effect: () => {
      device.group = {
        group: first?.name ?? '',
        quota: first?.load_balance_strategy?.quota?.value ?? 1,
      };
      device.miner.set({
        pools: pools.map(({ url, user, password }) => ({ url, user, password: password ?? '' })),
      });
      device.restart();
    },
  };
};

/** The writes of the REST API, by path under `/api/v1`; all are PUT. */
export const writes: Readonly<Record<string, Write>> = {
  'actions/pause': pause,
  'actions/resume': resume,
  'actions/stop': pause,
  'actions/start': resume,
  'actions/restart': restart,
  'actions/reboot': ({ miner }) => ({ answer: undefined, effect: () => miner.reboot() }),
  'actions/locate': locate,
  'performance/power-target': powerTarget,
  'cooling/mode': coolingMode,
  'pools/batch': poolsBatch,
};
