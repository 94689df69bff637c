import type { Phase } from '../physics/miner-state.ts';
import { voltageAt } from '../physics/power.ts';
import type { SimulatedMiner } from './simulated-miner.ts';

/** What a miner's own sensors and counters say, before a vendor's protocol puts it into words. */
export type FirmwareView = {
  readonly phase: Phase;
  /** Seconds since the mining process began, and since the control board came up. */
  readonly elapsedS: number;
  readonly uptimeS: number;
  readonly hashrateThs: number;
  readonly averageThs: number;
  readonly halfHourThs: number;
  readonly idealThs: number;
  readonly terahashes: number;
  readonly powerW: number;
  readonly frequencyMhz: number;
  readonly targetFrequencyMhz: number;
  readonly voltageV: number;
  readonly inletC: number;
  readonly hottestC: number;
  readonly fanRpm: readonly number[];
  readonly fanDutyPct: number;
  readonly boards: readonly BoardView[];
  readonly pools: readonly PoolView[];
  readonly accepted: number;
  readonly rejected: number;
  readonly stale: number;
  readonly hardwareErrors: number;
};

export type BoardView = {
  readonly hashrateThs: number;
  readonly idealThs: number;
  readonly chips: number;
  readonly boardC: number;
  /** Readings of the board's chip sensors, the hottest first; empty when the board is lost. */
  readonly chipC: readonly number[];
  readonly hardwareErrors: number;
  readonly frequencyMhz: number;
  readonly serial: string;
};

export type PoolView = {
  readonly url: string;
  readonly user: string;
  readonly alive: boolean;
  readonly active: boolean;
  readonly accepted: number;
  readonly rejected: number;
  readonly stale: number;
};

/** Chip sensors sit along the air's way: those at the inlet are cooler. */
const sensorShares = [1, 0.62, 0.86, 0.84];

/** Tachometers count in steps of 60 rpm. */
const tachometer = (share: number, maxRpm: number) => Math.round((share * maxRpm) / 60) * 60;

/** The view at this moment; a hung miner's counters stay where they were. */
export const firmwareView = (miner: SimulatedMiner): FirmwareView => {
  const { state, model, settings } = miner;
  const countedS = Math.min(miner.hungSinceS ?? state.timeS, state.timeS);
  const elapsedS =
    state.phase === 'starting' || state.phase === 'off'
      ? 0
      : Math.max(Math.floor(countedS - state.startedAtS), 0);
  const live = state.phase === 'booting' || state.phase === 'ramping' || state.phase === 'hashing';
  const dead = miner.has('pool_dead') ? (state.activePool < 0 ? settings.pools.length : state.activePool) : 0;
  const sum = (key: 'accepted' | 'rejected' | 'stale') =>
    state.pools.reduce((total, pool) => total + pool[key], 0);
  return {
    phase: state.phase,
    elapsedS,
    uptimeS: Math.max(Math.floor(state.timeS - state.bootedAtS), 0),
    hashrateThs: state.hashrateThs,
    averageThs: elapsedS > 0 ? state.terahashes / elapsedS : 0,
    halfHourThs: state.hashrate30mThs,
    idealThs: model.hashrateThs,
    terahashes: state.terahashes,
    powerW: state.powerW,
    frequencyMhz: state.fraction * model.frequencyMhz,
    targetFrequencyMhz: settings.frequencyMhz ?? model.frequencyMhz,
    voltageV: live ? voltageAt(model, state.fraction) : 0,
    inletC: state.inletC,
    hottestC: state.hottestC,
    fanRpm: state.fanShare.map((share) => tachometer(share, model.maxFanRpm)),
    fanDutyPct: Math.round(state.dutyPct),
    boards: state.boards.map((board, index) => ({
      hashrateThs: board.hashrateThs,
      idealThs: model.hashrateThs / model.boards,
      chips: board.lost || !live ? 0 : model.chipsPerBoard,
      boardC: board.tempC,
      chipC: board.lost
        ? []
        : sensorShares.map((share) => state.inletC + (board.hottestChipC - state.inletC) * share),
      hardwareErrors: board.hardwareErrors,
      frequencyMhz: board.lost ? 0 : state.fraction * model.frequencyMhz,
      serial: `${miner.identity.serialNumber}B${index + 1}`,
    })),
    pools: settings.pools.map((pool, index) => ({
      url: pool.url,
      user: pool.user,
      alive: pool.url !== '' && index >= dead,
      active: index === state.activePool,
      accepted: state.pools[index]?.accepted ?? 0,
      rejected: state.pools[index]?.rejected ?? 0,
      stale: state.pools[index]?.stale ?? 0,
    })),
    accepted: sum('accepted'),
    rejected: sum('rejected'),
    stale: sum('stale'),
    hardwareErrors: state.hardwareErrors,
  };
};
