import type { SimulatedMiner } from '../site/simulated-miner.ts';

/** Unlocked for so long after the last use. */
const unlockS = 1800;

type Overclock = {
  readonly preset: string;
  readonly freq: number;
  readonly volt: number;
};
export type CoolingMode = { readonly name: 'auto' | 'manual' | 'immers'; readonly param?: number };

/** Power presets of a model, W, from low to high. */
export const presetsOf = (powerW: number) =>
  [0.55, 0.65, 0.75, 0.85, 1, 1.1].map((share) => Math.round((powerW * share) / 10) * 10);

/** What VNish keeps of one machine beyond its physics. */
export class VnishDevice {
  readonly miner: SimulatedMiner;
  readonly nowMs: () => number;
  readonly model: string;
  readonly #random: () => number;
  readonly #tokens = new Map<string, number>();
  overclock: Overclock;
  cooling: CoolingMode = { name: 'auto', param: 65 };
  restartRequired = false;
  #startedS = Number.NEGATIVE_INFINITY;

  constructor(miner: SimulatedMiner, options: { random: () => number; nowMs: () => number }) {
    this.miner = miner;
    this.nowMs = options.nowMs;
    this.#random = options.random;
    this.model = miner.identity.model.replace(/ \(.*$/, '');
    this.overclock = {
      preset: 'disabled',
      freq: miner.model.frequencyMhz,
      volt: Math.round(miner.model.voltageV * 1000),
    };
  }

  unlock(): string {
    const token = Array.from({ length: 32 }, () => Math.floor(this.#random() * 16).toString(16)).join('');
    this.#tokens.set(token, this.nowMs());
    return token;
  }

  /** Whether an Authorization header unlocks the screen; with or without the word Bearer. */
  isUnlocked(authorization: string | undefined): boolean {
    const token = authorization?.replace(/^Bearer /, '') ?? '';
    const usedAtMs = this.#tokens.get(token);
    if (usedAtMs === undefined || this.nowMs() - usedAtMs > unlockS * 1000) {
      this.#tokens.delete(token);
      return false;
    }
    this.#tokens.set(token, this.nowMs());
    return true;
  }

  lock(authorization: string | undefined) {
    this.#tokens.delete(authorization?.replace(/^Bearer /, '') ?? '');
  }

  /** Puts the saved settings to work; they wait for a restart until then. */
  #apply() {
    const { preset, freq } = this.overclock;
    const { frequencyMhz } = this.miner.model;
    this.miner.set({
      powerLimitW: preset === 'disabled' ? undefined : Number(preset),
      frequencyMhz: preset === 'disabled' && freq !== frequencyMhz ? freq : undefined,
    });
    this.restartRequired = false;
  }

  reboot() {
    this.#apply();
    this.miner.reboot();
  }

  restart() {
    this.#apply();
    this.miner.restartProcess();
    this.#startedS = this.miner.state.timeS;
  }

  get stateSinceS(): number {
    const { timeS, startedAtS } = this.miner.state;
    return Math.max(Math.floor(timeS - Math.max(startedAtS, this.#startedS)), 0);
  }
}
