import * as z from 'zod';
import type { Mode } from '../site/settings.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';

type Effect = () => void;
type Write = (miner: SimulatedMiner, body: unknown) => Effect | undefined;

const withBody =
  <T>(schema: z.ZodType<T>, effect: (miner: SimulatedMiner, value: T) => void): Write =>
  (miner, body) => {
    const parsed = schema.safeParse(body);
    return parsed.success ? () => effect(miner, parsed.data) : undefined;
  };

const modes = { eco: 'low', normal: 'normal', turbo: 'high' } as const satisfies Record<string, Mode>;
const modeBody = z.union([
  z.looseObject({ sleep: z.enum(['on', 'off']) }),
  z.looseObject({ mode: z.enum(['eco', 'normal', 'turbo']) }),
  z.looseObject({
    mode: z.literal('custom'),
    tune: z.literal('power'),
    power: z.number().min(100).max(10_000),
  }),
  z.looseObject({ mode: z.literal('custom'), tune: z.literal('ths'), ths: z.number().positive().max(1000) }),
]);

const poolList = z.looseObject({
  pools: z
    .array(z.object({ url: z.string().min(1), user: z.string(), pass: z.string() }))
    .min(1)
    .max(3),
});

/** The POSTs of FluxOS's web port that change how the miner runs. */
export const writes: Readonly<Record<string, Write>> = {
  mode: withBody(modeBody, (miner, body) => {
    if ('sleep' in body) miner.set({ hashing: body.sleep === 'off' });
    else if (body.mode !== 'custom') miner.set({ mode: modes[body.mode], powerLimitW: undefined });
    else if ('power' in body && typeof body.power === 'number') miner.set({ powerLimitW: body.power });
    else if ('ths' in body && typeof body.ths === 'number')
      miner.set({ powerLimitW: Math.round((miner.model.powerW * body.ths) / miner.model.hashrateThs) });
  }),
  // One fan at a time in the vendor's words; this machine turns them all together.
  fan: withBody(
    z.looseObject({ index: z.int().min(0).max(4), percentage: z.number().min(10).max(100) }),
    (miner, { percentage }) => miner.set({ fanDutyPct: percentage }),
  ),
  frequency: withBody(
    z.looseObject({ board: z.int().min(0).max(3), frequency: z.number().min(50).max(1000) }),
    (miner, { frequency }) => miner.set({ frequencyMhz: frequency }),
  ),
  led: withBody(z.looseObject({ code: z.int().min(1).max(255) }), (miner, { code }) =>
    miner.set({ ledOn: code === 3 }),
  ),
  updatepools: withBody(poolList, (miner, { pools }) =>
    miner.set({ pools: pools.map(({ url, user, pass }) => ({ url, user, password: pass })) }),
  ),
  restart: withBody(z.looseObject({ parameter: z.string().optional() }), (miner, { parameter }) => {
    if (parameter === 'gcminer') miner.restartProcess();
    else if (parameter !== 'api-server') miner.reboot();
  }),
};
