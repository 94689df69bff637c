import type { SimulatedMiner } from '../site/simulated-miner.ts';

/** What PowerPlay keeps of one machine beyond its physics. */
export class EpicDevice {
  readonly miner: SimulatedMiner;
  readonly nowMs: () => number;
  readonly model: string;
  tuning = true;
  algorithm = 'VoltageOptimizer';
  targetThs: number;
  uniqueId = false;
  lastCommand: string | null = null;
  #startedS = Number.NEGATIVE_INFINITY;

  constructor(miner: SimulatedMiner, nowMs: () => number) {
    this.miner = miner;
    this.nowMs = nowMs;
    this.model = miner.identity.model.replace(/ \(.*$/, '').replace('Antminer', 'AntMiner');
    this.targetThs = Math.round(miner.model.hashrateThs);
  }

  /** Seconds since the mining software started, which goes on while it idles. */
  get uptimeS(): number {
    const { timeS, bootedAtS } = this.miner.state;
    return Math.max(Math.floor(timeS - Math.max(bootedAtS, this.#startedS)), 0);
  }

  restart() {
    this.miner.restartProcess();
    this.#startedS = this.miner.state.timeS;
  }
}
