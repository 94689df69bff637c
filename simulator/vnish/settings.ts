import * as z from 'zod';
import { presetsOf, type VnishDevice } from './device.ts';

const coolingMode = z.union([
  z.looseObject({ name: z.literal('manual'), param: z.int().min(0).max(100) }),
  z.looseObject({ name: z.literal('auto'), param: z.int().min(30).max(90).nullish() }),
  z.looseObject({ name: z.literal('immers') }),
]);
const pool = z.looseObject({
  url: z.string().max(256),
  user: z.string().max(256),
  pass: z.string().max(256).default(''),
});

/** What `POST /settings` may carry of the miner; all else is taken and not kept. */
const posted = z.looseObject({
  miner: z
    .looseObject({
      cooling: z.looseObject({ mode: coolingMode.optional() }).optional(),
      overclock: z
        .looseObject({
          preset: z.union([z.string(), z.number()]).optional(),
          globals: z.looseObject({ freq: z.int().optional(), volt: z.int().optional() }).nullish(),
        })
        .optional(),
      pools: z.array(pool).max(3).optional(),
    })
    .optional(),
});

/** Host and port in the settings table may stand without their scheme, which is stratum over TCP. */
const fullUrl = (url: string) => (/^[a-z0-9+]+:\/\//.test(url) ? url : `stratum+tcp://${url}`);

/**
 * Saves settings: fans and pools take effect at once, an overclock when mining restarts. A preset that does not exist is
 * dropped without a word. Undefined where the body does not fit.
 */
export const saveSettings = (device: VnishDevice, body: unknown) => {
  const parsed = posted.safeParse(body);
  if (!parsed.success) return undefined;
  const { cooling, overclock, pools } = parsed.data.miner ?? {};
  const { miner } = device;
  const preset = overclock?.preset === undefined ? undefined : String(overclock.preset);
  const known =
    preset === 'disabled' || presetsOf(miner.model.powerW).some((watts) => String(watts) === preset);
  const next = {
    preset: preset !== undefined && known ? preset : device.overclock.preset,
    freq: overclock?.globals?.freq ?? device.overclock.freq,
    volt: overclock?.globals?.volt ?? device.overclock.volt,
  };
  const restart =
    next.preset !== device.overclock.preset ||
    next.freq !== device.overclock.freq ||
    next.volt !== device.overclock.volt;
  return {
    answer: { restart_required: restart || device.restartRequired, reboot_required: false },
    effect: () => {
      device.overclock = next;
      device.restartRequired ||= restart;
      const mode = cooling?.mode;
      if (mode) {
        const param = 'param' in mode && typeof mode.param === 'number' ? mode.param : undefined;
        device.cooling = { name: mode.name, ...(param !== undefined && { param }) };
        miner.set({ fanDutyPct: mode.name === 'manual' ? mode.param : undefined });
      }
      if (pools)
        miner.set({
          pools: pools
            .filter(({ url }) => url !== '')
            .map(({ url, user, pass }) => ({ url: fullUrl(url), user, password: pass })),
        });
    },
  };
};
