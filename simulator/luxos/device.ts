import { randomFrom, seedOf } from '../physics/random.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { LuxosPools } from './pools.ts';
import { type Profile, profilesOf } from './profiles.ts';
import { LuxosSession } from './session.ts';

export const version = '2025.4.8.220305';
export const fullVersion = `${version}-57b389c7`;
export type Led = 'on' | 'off' | 'blink' | 'auto';

/** What LuxOS keeps of one machine beyond its physics. */
export class LuxosDevice {
  readonly miner: SimulatedMiner;
  readonly pools: LuxosPools;
  readonly session: LuxosSession;
  readonly profiles: readonly Profile[];
  readonly model: string;
  readonly nowMs: () => number;
  profile: Profile;
  redLed: Led = 'auto';
  greenLed: Led = 'auto';
  minFans = 3;
  #processStartedS = Number.NEGATIVE_INFINITY;

  constructor(miner: SimulatedMiner, options: { seed: number; nowMs: () => number }) {
    this.miner = miner;
    this.nowMs = options.nowMs;
    this.model = miner.identity.model.replace(/ \(.*$/, '');
    this.pools = new LuxosPools(miner.settings.pools);
    const random = randomFrom(seedOf(options.seed, 'luxos', miner.identity.index));
    this.session = new LuxosSession({ random, nowMs: options.nowMs });
    this.profiles = profilesOf(miner.model);
    const usual = this.profiles.find(({ step }) => step === 0);
    if (!usual) throw new RangeError('a model without its own frequency');
    this.profile = usual;
  }

  /** Seconds since luxminer started, which goes on while the boards sleep. */
  get elapsedS(): number {
    const { timeS, bootedAtS } = this.miner.state;
    const countedS = Math.min(this.miner.hungSinceS ?? timeS, timeS);
    return Math.max(Math.floor(countedS - Math.max(bootedAtS, this.#processStartedS)), 0);
  }

  get asleep() {
    return this.miner.settings.mode === 'sleep';
  }

  restartProcess() {
    this.miner.restartProcess();
    this.#processStartedS = this.miner.state.timeS;
  }
}
