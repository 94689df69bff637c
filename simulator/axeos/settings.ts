import * as z from 'zod';
import type { Pool, Settings } from '../site/settings.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import type { AxeBoard } from './board.ts';

const flag = z.union([z.literal(0), z.literal(1), z.literal(2), z.boolean()]);
/** Of each key the firmware checks type and range; keys that it does not know it passes over. */
const patch = z.looseObject({
  stratumURL: z.string().max(256).optional(),
  stratumPort: z.int().min(1).max(65_535).optional(),
  stratumUser: z.string().max(256).optional(),
  stratumPassword: z.string().max(256).optional(),
  stratumTLS: flag.optional(),
  fallbackStratumURL: z.string().max(256).optional(),
  fallbackStratumPort: z.int().min(1).max(65_535).optional(),
  fallbackStratumUser: z.string().max(256).optional(),
  fallbackStratumPassword: z.string().max(256).optional(),
  fallbackStratumTLS: flag.optional(),
  frequency: z.number().min(1).max(2000).optional(),
  coreVoltage: z.int().min(1).max(65_535).optional(),
  autofanspeed: flag.optional(),
  fanspeed: z.number().min(0).max(100).optional(),
  manualFanSpeed: z.number().min(0).max(100).optional(),
  overheat_mode: flag.optional(),
});
type Patch = z.infer<typeof patch>;
type PoolParts = {
  readonly url: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tls: boolean;
};

const partsOf = (pool: Pool | undefined): PoolParts => {
  const found = /^(?:[a-z+]+:\/\/)?([^:/]+)(?::(\d+))?/.exec(pool?.url ?? '');
  return {
    url: found?.[1] ?? '',
    port: Number(found?.[2] ?? 3333),
    user: pool?.user ?? '',
    password: pool?.password ?? '',
    tls: pool?.url.startsWith('stratum+ssl') ?? false,
  };
};
const poolOf = ({ url, port, user, password, tls }: PoolParts): Pool => ({
  // A protocol in front of the host, or a port behind it, is the client's mistake; the firmware resolves it as a name and fails.
  url: url === '' ? '' : `${tls ? 'stratum+ssl' : 'stratum+tcp'}://${url}:${port}`,
  user,
  password,
});

/**
 * What AxeOS stores. The fan, frequency and voltage take effect at once, pools with the next boot; the fork for
 * several chips reloads all at once.
 */
export class AxeSettings {
  readonly #miner: SimulatedMiner;
  readonly #board: AxeBoard;
  #stored: readonly Pool[];
  #coreVoltageMv: number;
  #manualFanPct: number | undefined;

  constructor(miner: SimulatedMiner, board: AxeBoard) {
    this.#miner = miner;
    this.#board = board;
    this.#stored = miner.settings.pools.slice(0, 2);
    this.#coreVoltageMv = board.coreVoltageMv;
    miner.set({ pools: this.#stored });
  }

  get stored() {
    return this.#stored;
  }

  get coreVoltageMv() {
    return this.#coreVoltageMv;
  }

  /** What a PATCH does, or undefined where the firmware finds it wrong. */
  change(body: unknown): (() => void) | undefined {
    const parsed = patch.safeParse(body);
    return parsed.success ? () => this.#store(parsed.data) : undefined;
  }

  boot() {
    this.#miner.set({ pools: this.#stored, hashing: true });
    this.#miner.reboot();
  }

  #store(change: Patch) {
    const [first, second] = [partsOf(this.#stored[0]), partsOf(this.#stored[1])];
    this.#stored = [
      poolOf({
        url: change.stratumURL ?? first.url,
        port: change.stratumPort ?? first.port,
        user: change.stratumUser ?? first.user,
        password: change.stratumPassword ?? first.password,
        tls: change.stratumTLS === undefined ? first.tls : Boolean(change.stratumTLS),
      }),
      poolOf({
        url: change.fallbackStratumURL ?? second.url,
        port: change.fallbackStratumPort ?? second.port,
        user: change.fallbackStratumUser ?? second.user,
        password: change.fallbackStratumPassword ?? second.password,
        tls: change.fallbackStratumTLS === undefined ? second.tls : Boolean(change.fallbackStratumTLS),
      }),
    ];
    this.#coreVoltageMv = change.coreVoltage ?? this.#coreVoltageMv;
    // Early firmware knows the fan by one name, later by another.
    this.#manualFanPct =
      (this.#board.firmware === 'early' ? change.fanspeed : change.manualFanSpeed) ?? this.#manualFanPct;
    const automatic =
      change.autofanspeed === undefined
        ? this.#miner.settings.fanDutyPct === undefined
        : Boolean(change.autofanspeed);
    const settings: Partial<Settings> = {
      ...(change.frequency !== undefined && { frequencyMhz: change.frequency }),
      fanDutyPct: automatic ? undefined : (this.#manualFanPct ?? 100),
      ...(this.#board.firmware === 'nerd' && { pools: this.#stored }),
    };
    this.#miner.set(settings);
  }
}
