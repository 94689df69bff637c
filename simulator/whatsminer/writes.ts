import * as z from 'zod';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import type { TokenStore } from './tokens.ts';

/** What a write does to the miner once its answer is on the way. */
type Effect = () => void;
type Write = (miner: SimulatedMiner, params: unknown, tokens: TokenStore) => Effect | undefined;

const number = (low: number, high: number) =>
  z
    .union([z.string().regex(/^-?\d{1,6}$/), z.int()])
    .transform(Number)
    .refine((value) => value >= low && value <= high);
const noRestart =
  (change: Parameters<SimulatedMiner['set']>[0]): Write =>
  (miner) =>
  () =>
    miner.set(change);
const withRestart =
  (change: Parameters<SimulatedMiner['set']>[0]): Write =>
  (miner) =>
  () => {
    miner.set(change);
    miner.restartProcess();
  };
const accepted: Write = () => () => undefined;

const poolText = z.string().max(256).default('');
const poolParams = z.object({
  pool1: z.string().min(1).max(256),
  worker1: poolText,
  passwd1: poolText,
  pool2: poolText,
  worker2: poolText,
  passwd2: poolText,
  pool3: poolText,
  worker3: poolText,
  passwd3: poolText,
});

const updatePools: Write = (miner, params) => {
  const parsed = poolParams.safeParse(params);
  if (!parsed.success) return undefined;
  const { pool1, pool2, pool3, worker1, worker2, worker3, passwd1, passwd2, passwd3 } = parsed.data;
  const pools = [
    { url: pool1, user: worker1, password: passwd1 },
    { url: pool2, user: worker2, password: passwd2 },
    { url: pool3, user: worker3, password: passwd3 },
  ].filter((pool) => pool.url !== '');
  return () => {
    miner.set({ pools });
    miner.restartProcess();
  };
};

const ledParams = z.union([
  z.object({ param: z.literal('auto') }),
  z.object({
    color: z.enum(['red', 'green']),
    period: number(1, 60_000),
    duration: number(1, 60_000),
    start: number(0, 60_000),
  }),
]);

const setLed: Write = (miner, params) => {
  const parsed = ledParams.safeParse(params);
  return parsed.success ? () => miner.set({ ledOn: !('param' in parsed.data) }) : undefined;
};

/** 99999 takes the limit away. */
const adjustPowerLimit: Write = (miner, params) => {
  const parsed = z.object({ power_limit: number(0, 99_999) }).safeParse(params);
  if (!parsed.success) return undefined;
  const limitW = parsed.data.power_limit;
  return () => {
    miner.set({ powerLimitW: limitW === 99_999 ? undefined : limitW });
    miner.restartProcess();
  };
};

const setPowerPct: Write = (miner, params) => {
  const parsed = z.object({ percent: number(0, 100) }).safeParse(params);
  return parsed.success ? () => miner.set({ powerPct: parsed.data.percent }) : undefined;
};

const setTargetFrequency: Write = (miner, params) => {
  const parsed = z.object({ percent: number(-100, 100) }).safeParse(params);
  return parsed.success
    ? () => {
        miner.set({ frequencyPct: 100 + parsed.data.percent });
        miner.restartProcess();
      }
    : undefined;
};

const powerOff: Write = (miner, params) =>
  z.object({ respbefore: z.enum(['true', 'false']).default('true') }).safeParse(params).success
    ? () => miner.set({ hashing: false })
    : undefined;

const updatePassword: Write = (miner, params, tokens) => {
  const parsed = z.object({ old: z.string(), new: z.string().min(1).max(8) }).safeParse(params);
  if (!parsed.success) return undefined;
  if (miner.has('no_effect')) return () => undefined;
  return tokens.changePassword(parsed.data.old, parsed.data.new) ? () => undefined : undefined;
};

const zeroOrOne =
  (key: string): Write =>
  (_miner, params) =>
    z.object({ [key]: z.union([z.enum(['0', '1']), z.literal([0, 1])]) }).safeParse(params).success
      ? () => undefined
      : undefined;

/** The write commands of API 2.0. An undefined effect means that the parameters are wrong. */
export const writes: Readonly<Record<string, Write>> = {
  update_pools: updatePools,
  restart_btminer: withRestart({}),
  power_off: powerOff,
  power_on: noRestart({ hashing: true }),
  reboot: (miner) => () => miner.reboot(),
  set_led: setLed,
  set_low_power: withRestart({ mode: 'low' }),
  set_normal_power: withRestart({ mode: 'normal' }),
  set_high_power: withRestart({ mode: 'high' }),
  adjust_power_limit: adjustPowerLimit,
  set_power_pct: setPowerPct,
  set_power_pct_v2: setPowerPct,
  set_target_freq: setTargetFrequency,
  adjust_upfreq_speed: (_miner, params) =>
    z.object({ upfreq_speed: number(0, 10) }).safeParse(params).success ? () => undefined : undefined,
  set_poweroff_cool: zeroOrOne('poweroff_cool'),
  set_fan_zero_speed: zeroOrOne('fan_zero_speed'),
  enable_btminer_fast_boot: accepted,
  disable_btminer_fast_boot: accepted,
  enable_web_pools: accepted,
  disable_web_pools: accepted,
  pre_power_on: accepted,
  update_pwd: updatePassword,
};
