import * as z from 'zod';
import type { MinerModel } from '../physics/models.ts';
import type { Mode, Pool, Settings } from '../site/settings.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const pool = z.object({
  url: z.string().default(''),
  user: z.string().default(''),
  pass: z.string().default(''),
});

/** What the settings page posts. Whatever else is in it is not kept. */
const posted = z.object({
  pools: z.array(pool).max(3).optional(),
  'api-listen': scalar.optional(),
  'api-network': scalar.optional(),
  'api-groups': scalar.optional(),
  'api-allow': scalar.optional(),
  'bitmain-fan-ctrl': scalar.optional(),
  'bitmain-fan-pwm': scalar.optional(),
  'bitmain-use-vil': scalar.optional(),
  'bitmain-freq': scalar.optional(),
  'bitmain-voltage': scalar.optional(),
  'bitmain-ccdelay': scalar.optional(),
  'bitmain-pwth': scalar.optional(),
  'bitmain-freq-level': scalar.optional(),
  'freq-level': scalar.optional(),
  'bitmain-work-mode': scalar.optional(),
  'miner-mode': scalar.optional(),
});

type Stored = Record<string, string | boolean | { url: string; user: string; pass: string }[]>;
const modes: Record<string, Mode> = { '0': 'normal', '1': 'sleep', '2': 'high', '3': 'low' };
const booleanKeys = new Set(['api-listen', 'api-network', 'bitmain-fan-ctrl', 'bitmain-use-vil']);
const isTrue = (value: string | number | boolean | undefined) =>
  value === true || value === 'true' || value === 1 || value === '1';

/**
 * The configuration file of an Antminer. A write replaces the whole of it: what the body lacks is gone. Numbers come
 * back as strings however they were sent.
 */
export class AntminerConfiguration {
  readonly #model: MinerModel;
  #stored: Stored;

  constructor(model: MinerModel, pools: readonly Pool[]) {
    this.#model = model;
    this.#stored = {
      pools: pools.map(({ url, user, password }) => ({ url, user, pass: password })),
      'api-listen': true,
      'api-network': true,
      'api-groups': 'A:stats:pools:devs:summary:version',
      'api-allow': 'A:0/0,W:*',
      'bitmain-fan-ctrl': false,
      'bitmain-fan-pwm': '100',
      'bitmain-use-vil': true,
      'bitmain-freq': String(model.frequencyMhz),
      'bitmain-voltage': String(Math.round(model.voltageV * 100)),
      'bitmain-ccdelay': '0',
      'bitmain-pwth': '0',
      'bitmain-work-mode': '0',
      'bitmain-freq-level': '100',
      'miner-mode': '0',
      'freq-level': '100',
    };
  }

  /** What get_miner_conf.cgi answers. */
  read(): Stored {
    return this.#stored;
  }

  get mode(): string {
    const mode = this.#stored['miner-mode'];
    return typeof mode === 'string' ? mode : '0';
  }

  /** Replaces the configuration. Undefined, with nothing changed, when the body is not a configuration. */
  write(body: unknown): Partial<Settings> | undefined {
    const parsed = posted.safeParse(body);
    if (!parsed.success) return undefined;
    const { pools = [], ...rest } = parsed.data;
    const stored: Stored = { pools };
    for (const [key, value] of Object.entries(rest))
      if (value !== undefined) stored[key] = booleanKeys.has(key) ? isTrue(value) : String(value);
    // Firmware of the S19 family reads the mode and level under one name and takes them only under the other.
    const lenient = this.#model.name === 'Antminer S21';
    mirror(stored, 'miner-mode', 'bitmain-work-mode', lenient);
    mirror(stored, 'freq-level', 'bitmain-freq-level', lenient);
    const mode = modes[text(stored['miner-mode'], '0')];
    const level = Number(text(stored['freq-level'], '100'));
    const dutyPct = Number(text(stored['bitmain-fan-pwm'], '100'));
    const frequencyMhz = Number(text(stored['bitmain-freq'], '0'));
    if (!mode || !inRange(level, 1, 120) || !inRange(dutyPct, 0, 100) || !inRange(frequencyMhz, 0, 2000))
      return undefined;
    this.#stored = stored;
    return {
      mode,
      frequencyPct: level,
      frequencyMhz: frequencyMhz > 0 && frequencyMhz !== this.#model.frequencyMhz ? frequencyMhz : undefined,
      fanDutyPct: stored['bitmain-fan-ctrl'] === true ? dutyPct : undefined,
      pools: pools.map(({ url, user, pass }) => ({ url, user, password: pass })),
    };
  }
}

const mirror = (stored: Stored, written: string, read: string, lenient: boolean) => {
  const value = stored[written] ?? (lenient ? stored[read] : undefined);
  if (value === undefined) delete stored[read];
  else stored[written] = stored[read] = value;
};

const text = (value: Stored[string] | undefined, otherwise: string) =>
  typeof value === 'string' ? value : otherwise;
const inRange = (value: number, low: number, high: number) =>
  Number.isFinite(value) && value >= low && value <= high;
