import * as z from 'zod';
import type { EpicDevice } from './device.ts';

/** What a write does, or why not. */
type Write = (device: EpicDevice, param: unknown) => (() => void) | string;

const invalid = 'Invalid parameters';
const seconds = z.union([z.int().min(0), z.string().regex(/^\d{1,5}$/)]);

const miner: Write = ({ miner: machine }, param) => {
  const word = typeof param === 'string' ? param.toLowerCase() : '';
  if (word === 'stop') return () => machine.set({ hashing: false });
  if (word === 'autostart') return () => machine.set({ hashing: true });
  return invalid;
};

const identify: Write = ({ miner: machine }, param) =>
  typeof param === 'boolean' ? () => machine.set({ ledOn: param }) : invalid;

const fanParam = z.union([
  z.strictObject({ Manual: z.strictObject({ speed: z.int().min(0).max(100) }) }),
  z.strictObject({
    Auto: z.looseObject({ 'Idle Speed': z.number().optional(), 'Target Temperature': z.number().optional() }),
  }),
]);

const fanspeed: Write = ({ miner: machine }, param) => {
  const parsed = fanParam.safeParse(param);
  if (!parsed.success) return invalid;
  const { data } = parsed;
  return () => machine.set({ fanDutyPct: 'Manual' in data ? data.Manual.speed : undefined });
};

const coinParam = z.looseObject({
  coin: z.string(),
  stratum_configs: z
    .array(
      z.looseObject({
        pool: z.string().min(1).max(256),
        login: z.string().max(256),
        password: z.string().max(256).default(''),
      }),
    )
    .min(1)
    .max(8),
  unique_id: z.boolean().default(false),
});

/** The mining software restarts under its new pools. */
const coin: Write = (device, param) => {
  const parsed = coinParam.safeParse(param);
  if (!parsed.success) return invalid;
  if (parsed.data.coin !== 'BTC') return 'Unsupported coin';
  const { stratum_configs, unique_id } = parsed.data;
  return () => {
    device.uniqueId = unique_id;
    device.miner.set({
      pools: stratum_configs.map(({ pool, login, password }) => ({ url: pool, user: login, password })),
    });
    device.restart();
  };
};

const algorithms = ['VoltageOptimizer', 'ChipTune', 'BoardTune'];
const algoParam = z.looseObject({ algo: z.enum(algorithms), target: z.number().min(30).max(400) });

const tuneTo: Write = (device, param) => {
  const parsed = algoParam.safeParse(param);
  if (!parsed.success) return invalid;
  const { algo, target } = parsed.data;
  const { hashrateThs, frequencyMhz } = device.miner.model;
  return () => {
    device.algorithm = algo;
    device.targetThs = target;
    device.tuning = true;
    device.miner.set({
      frequencyMhz: target === Math.round(hashrateThs) ? undefined : (frequencyMhz * target) / hashrateThs,
    });
  };
};

/** One clock for all boards, in MHz, while nothing tunes by itself (pyasic, `web/epic.py`: `tune_clock_all`). */
const clockAll: Write = (device, param) => {
  const parsed = z.coerce.number().min(50).max(1_500).safeParse(param);
  if (!parsed.success) return invalid;
  if (device.tuning) return 'Perpetual Tune is running';
  return () => device.miner.set({ frequencyMhz: parsed.data });
};

/** The writes of PowerPlay, by path. */
export const writes: Readonly<Record<string, Write>> = {
  miner,
  identify,
  fanspeed,
  coin,
  'perpetualtune/algo': tuneTo,
  perpetualtune: (device, param) =>
    typeof param === 'boolean'
      ? () => {
          device.tuning = param;
        }
      : invalid,
  'tune/clock/all': clockAll,
  'hashratesplit/enable': (_device, param) => (param === false ? () => undefined : 'Not simulated'),
  reboot: (device, param) =>
    param === undefined || seconds.safeParse(param).success ? () => device.miner.reboot() : invalid,
  softreboot: (device, param) =>
    param === undefined || seconds.safeParse(param).success ? () => device.restart() : invalid,
};
