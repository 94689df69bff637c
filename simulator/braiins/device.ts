import type { Pool } from '../site/settings.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';

/** Whether it runs a version without the Public REST API. */
export const isBeforeRest = ({ identity }: SimulatedMiner) =>
  identity.model === 'Antminer S9 (Braiins OS 22.08)';

type PoolKey = { readonly group: string; readonly quota: number };

/** What Braiins OS keeps of one machine beyond its physics. */
export class BraiinsDevice {
  readonly miner: SimulatedMiner;
  readonly nowMs: () => number;
  readonly model: string;
  /** As Braiins names its builds. */
  readonly version: string;
  /** One group holds all pools that the simulated physics mines with. */
  group: PoolKey = { group: 'default', quota: 1 };
  powerTargetW: number;
  #storedPools: { readonly key: PoolKey; readonly pools: readonly Pool[] } | undefined;
  #bosminerStartedS = Number.NEGATIVE_INFINITY;

  constructor(miner: SimulatedMiner, nowMs: () => number) {
    this.miner = miner;
    this.nowMs = nowMs;
    this.model = miner.identity.model.replace(/ \(.*$/, '');
    this.version = isBeforeRest(miner)
      ? '2022-09-13-0-11012d53-22.08-plus'
      : '2025-11-21-0-eb658dcd-25.11-plus';
    this.powerTargetW = miner.model.powerW;
  }

  /** The lowest and highest power target that the machine takes, W. */
  get powerRangeW() {
    return {
      min: Math.round(this.miner.model.powerW * 0.4),
      max: Math.round(this.miner.model.powerW * 1.25),
    };
  }

  get paused() {
    return !this.miner.settings.hashing;
  }

  /** Seconds since bosminer started; 0 while it does not run. */
  get bosminerUptimeS(): number {
    const { miner } = this;
    if (!miner.processUp) return 0;
    const { timeS, bootedAtS } = miner.state;
    return Math.max(Math.floor(timeS - Math.max(bootedAtS, this.#bosminerStartedS)), 0);
  }

  restart() {
    this.miner.restartProcess();
    this.#bosminerStartedS = this.miner.state.timeS;
  }

  /** Pools for bosminer's next start. */
  storePools(key: PoolKey, pools: readonly Pool[]) {
    this.#storedPools = { key, pools };
  }

  /** As the configuration has them, which bosminer follows from its next start. */
  get configured(): { readonly key: PoolKey; readonly pools: readonly Pool[] } {
    return this.#storedPools ?? { key: this.group, pools: this.miner.settings.pools };
  }

  takeStoredPools() {
    if (!this.#storedPools) return;
    this.group = this.#storedPools.key;
    this.miner.set({ pools: [...this.#storedPools.pools] });
    this.#storedPools = undefined;
  }
}
