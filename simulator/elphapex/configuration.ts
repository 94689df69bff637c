import * as z from 'zod';
import type { Mode, Pool, Settings } from '../site/settings.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const posted = z.object({
  pools: z.array(z.object({ url: z.string(), user: z.string(), pass: z.string().default('') })).max(3),
  'fc-fan-ctrl': scalar,
  'fc-fan-pwm': scalar,
  'fc-freq-level': scalar,
});

/** Work modes as setworkmode.cgi takes them: 101 is what the page calls overclocking. */
const workModes: Readonly<Record<string, Mode>> = {
  '0': 'normal',
  '-100': 'low',
  '-1000': 'sleep',
  '101': 'high',
};

/** The configuration file of an Elphapex: everything in it comes back as text but the fan switch and the mode. */
export class ElphapexConfiguration {
  #pools: readonly { url: string; user: string; pass: string }[];
  #fanCtrl = false;
  #fanPwm = '80';
  #workMode = '0';

  constructor(pools: readonly Pool[]) {
    this.#pools = pools.map(({ url, user, password }) => ({ url, user, pass: password }));
  }

  /** What get_miner_conf.cgi answers. */
  read() {
    return {
      pools: this.#pools,
      'fc-voltage': '1470',
      'fc-fan-ctrl': this.#fanCtrl,
      'fc-freq-level': '100',
      'fc-fan-pwm': this.#fanPwm,
      algo: 'ltc',
      'fc-work-mode': Number(this.#workMode),
      'fc-freq': '1850',
    };
  }

  /** Replaces pools and fans; undefined, with nothing changed, when the body lacks any of what it has to hold. */
  write(body: unknown): Partial<Settings> | undefined {
    const parsed = posted.safeParse(body);
    if (!parsed.success) return undefined;
    const { pools, 'fc-fan-ctrl': fanCtrl, 'fc-fan-pwm': fanPwm } = parsed.data;
    const dutyPct = Number(fanPwm);
    if (!(dutyPct >= 0 && dutyPct <= 100)) return undefined;
    this.#pools = pools;
    this.#fanCtrl = fanCtrl === true || fanCtrl === 'true';
    this.#fanPwm = String(fanPwm);
    return {
      pools: pools.map(({ url, user, pass }) => ({ url, user, password: pass })),
      fanDutyPct: this.#fanCtrl ? dutyPct : undefined,
    };
  }

  /** `{"workmode":"0"}`; undefined for a mode that there is not. */
  setWorkMode(body: unknown): Partial<Settings> | undefined {
    const parsed = z.object({ workmode: z.string() }).safeParse(body);
    const word = parsed.success ? parsed.data.workmode : '';
    const mode = Object.hasOwn(workModes, word) ? workModes[word] : undefined;
    if (!mode) return undefined;
    this.#workMode = word;
    return { mode };
  }
}
