import * as z from 'zod';
import type { BraiinsDevice } from '../device.ts';
import type { Tree } from './run-query.ts';

const nothing = { __typename: 'VoidResult', void: null };
const failed = (type: string, message: string) => ({ __typename: type, message });

const tuning = z.object({
  apply: z.boolean().nullish(),
  input: z.object({
    enabled: z.boolean().nullish(),
    mode: z.enum(['POWER_TARGET', 'HASHRATE_TARGET']).nullish(),
    powerTarget: z.int().positive().nullish(),
  }),
});
const cooling = z.object({
  apply: z.boolean().nullish(),
  input: z.discriminatedUnion('mode', [
    z.object({ mode: z.literal('AUTO'), targetTemp: z.number().min(0).max(200).nullish() }),
    z.object({ mode: z.literal('MANUAL'), speed: z.int().min(0).max(100) }),
  ]),
});
const poolUrl = z.string().regex(/^stratum2?\+(tcp|ssl):\/\/\S{1,250}$/);
const groups = z.object({
  groups: z
    .array(
      z.object({
        name: z.string().max(100).nullish(),
        quota: z.int().min(0).nullish(),
        pools: z.array(
          z.object({ url: poolUrl, user: z.string().max(250), password: z.string().max(250).nullish() }),
        ),
      }),
    )
    .min(1),
});

/**
 * What a mutation may do besides logging in. Effects are left in `effects`, to happen once the answer is on its way. Pools are stored
 * and hold from the next start of bosminer.
 */
export const mutationRoot = (device: BraiinsDevice, effects: (() => void)[]): Tree => {
  const { miner } = device;
  const refuses = miner.has('refuses_writes');
  const plainly = (type: string, effect: () => void) => () => {
    if (refuses) return failed(type, 'Internal error');
    effects.push(effect);
    return nothing;
  };
  return {
    __typename: 'Mutation',
    bos: {
      __typename: 'BosMutation',
      reboot: plainly('BosError', () => {
        device.takeStoredPools();
        miner.reboot();
      }),
      setFaultLight: (args: unknown) => {
        const wanted = z.object({ enable: z.boolean() }).safeParse(args);
        if (!wanted.success || refuses) return failed('BosError', 'Fault light cannot be set');
        effects.push(() => miner.set({ ledOn: wanted.data.enable }));
        return { enabled: wanted.data.enable };
      },
    },
    bosminer: {
      __typename: 'BosminerMutation',
      start: plainly('BosminerError', () => {
        device.takeStoredPools();
        miner.set({ hashing: true });
      }),
      stop: plainly('BosminerError', () => miner.set({ hashing: false })),
      restart: plainly('BosminerError', () => {
        device.takeStoredPools();
        device.restart();
      }),
      config: {
        __typename: 'BosminerConfigMutation',
        updateAutotuning: (args: unknown) => {
          const wanted = tuning.safeParse(args);
          const { min, max } = device.powerRangeW;
          const watts = wanted.data?.input.powerTarget;
          if (!wanted.success) return failed('AttributeError', 'The input does not fit');
          if (refuses || (watts && (watts < min || watts > max)))
            return { ...failed('AutotuningError', 'Invalid value'), mode: null, powerTarget: 'out of range' };
          effects.push(() => {
            if (!watts) return;
            device.powerTargetW = watts;
            miner.set({ powerLimitW: watts });
          });
          const powerTarget = watts ?? device.powerTargetW;
          return {
            __typename: 'AutotuningOut',
            autotuning: { enabled: true, mode: 'POWER_TARGET', powerTarget, hashrateTarget: null },
          };
        },
        updateTempAndFans: (args: unknown) => {
          const wanted = cooling.safeParse(args);
          if (!wanted.success) return failed('AttributeError', 'The input does not fit');
          if (refuses) return failed('TempAndFansError', 'Invalid value');
          const { input } = wanted.data;
          const fanDutyPct = input.mode === 'MANUAL' ? input.speed : undefined;
          effects.push(() => miner.set({ fanDutyPct }));
          return {
            __typename: 'TempAndFansOut',
            tempControl: { mode: input.mode, targetTemp: miner.model.targetChipC },
            fanControl: { speed: fanDutyPct ?? null, minFans: 1 },
          };
        },
        updateGroups: (args: unknown) => {
          const wanted = groups.safeParse(args);
          if (!wanted.success || refuses) return failed('GroupListError', 'The groups do not fit');
          const [first] = wanted.data.groups;
          effects.push(() => {
            device.storePools(
              { group: first?.name ?? '', quota: first?.quota ?? 1 },
              wanted.data.groups
                .flatMap((group) => group.pools)
                .map(({ url, user, password }) => ({ url, user, password: password ?? '' })),
            );
          });
          return { __typename: 'GroupList', groups: wanted.data.groups.map((_, at) => ({ id: String(at) })) };
        },
      },
    },
  };
};
