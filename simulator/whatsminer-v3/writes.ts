import * as z from 'zod';
import type { SimulatedMiner } from '../site/simulated-miner.ts';

/** What a write does once its answer is on the way; a text is why it cannot. */
type Effect = () => void;
type Write = (miner: SimulatedMiner, param: unknown) => Effect | string;

/** Objects come as such or as text of JSON: clients do both. */
const unpacked = (param: unknown): unknown => {
  if (typeof param !== 'string' || !/^\s*[[{]/.test(param)) return param;
  try {
    return JSON.parse(param);
  } catch {
    return param;
  }
};

const withParam =
  <T>(schema: z.ZodType<T>, effect: (miner: SimulatedMiner, value: T) => void): Write =>
  (miner, param) => {
    const parsed = schema.safeParse(unpacked(param));
    return parsed.success ? () => effect(miner, parsed.data) : 'invalid param';
  };
const accepted: Write = () => () => undefined;

const wattsOrPercent = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d{1,6}$/)
    .transform(Number),
]);

const pools = z
  .array(
    z.object({
      pool: z.string().max(256).default(''),
      worker: z.string().max(256).default(''),
      passwd: z.string().max(256).default(''),
    }),
  )
  .min(1)
  .max(3);

const led = z.union([
  z.literal('auto'),
  z
    .array(
      z.object({
        color: z.enum(['red', 'green']),
        period: z.number(),
        duration: z.number(),
        start: z.number(),
      }),
    )
    .min(1),
]);

/** The writes of API 3 that change how the miner runs, and those that this simulator only takes note of. */
export const writes: Readonly<Record<string, Write>> = {
  'set.miner.service': withParam(z.enum(['start', 'stop', 'restart', 'enable', 'disable']), (miner, what) => {
    if (what === 'restart') miner.restartProcess();
    else miner.set({ hashing: what === 'start' || what === 'enable' });
  }),
  'set.miner.power_mode': withParam(z.enum(['low', 'normal', 'high']), (miner, mode) => {
    miner.set({ mode });
    miner.restartProcess();
  }),
  'set.miner.power_limit': withParam(
    wattsOrPercent.refine((watts) => watts === 0 || (watts >= 100 && watts <= 99_999)),
    (miner, watts) => {
      miner.set({ powerLimitW: watts === 0 || watts === 99_999 ? undefined : watts });
      miner.restartProcess();
    },
  ),
  // The firmware reads the percentage as text, whatever its document says.
  'set.miner.power_percent': withParam(
    z.object({ percent: z.string().regex(/^\d{1,3}$/), mode: z.string().optional() }),
    (miner, { percent }) => miner.set({ powerPct: Math.min(Number(percent), 100) }),
  ),
  'set.miner.target_freq': withParam(
    wattsOrPercent.refine((percent) => percent >= -100 && percent <= 100),
    (miner, percent) => {
      miner.set({ frequencyPct: 100 + percent });
      miner.restartProcess();
    },
  ),
  'set.miner.pools': withParam(pools, (miner, list) => {
    miner.set({
      pools: list
        .filter(({ pool }) => pool !== '')
        .map(({ pool, worker, passwd }) => ({ url: pool, user: worker, password: passwd })),
    });
    miner.restartProcess();
  }),
  'set.system.led': withParam(led, (miner, wanted) => miner.set({ ledOn: wanted !== 'auto' })),
  'set.system.reboot': (miner) => () => miner.reboot(),
  'set.miner.upfreq_speed': accepted,
  'set.miner.fastboot': accepted,
  'set.miner.heat_mode': accepted,
  'set.fan.poweroff_cool': accepted,
  'set.fan.temp_offset': accepted,
  'set.fan.zero_speed': accepted,
  'set.system.hostname': accepted,
  'set.system.timezone': accepted,
};

/** Commands whose parameter comes encrypted. */
export const sealedCommands: ReadonlySet<string> = new Set(['set.miner.pools', 'set.user.change_passwd']);
