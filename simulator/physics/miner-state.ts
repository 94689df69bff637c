import { hottestChipC, nominalInletC, steadyDuty } from './cooling.ts';
import type { MinerModel } from './models.ts';
import { between, type Random } from './random.ts';

/**
 * `rebooting`: the control board is down. `starting`: it is up, its mining process not yet. `booting`: chips are being
 * found. `ramping`: frequency climbs. `tripped`: the firmware stopped to protect the chips and waits for a restart.
 */
export const phases = ['off', 'rebooting', 'starting', 'booting', 'ramping', 'hashing', 'tripped'] as const;
export type Phase = (typeof phases)[number];

export type BoardState = {
  tempC: number;
  hottestChipC: number;
  powerW: number;
  hashrateThs: number;
  lost: boolean;
  hardwareErrors: number;
  /** This board's silicon: its hashrate over nominal, and its power over nominal. */
  readonly rate: number;
  readonly draw: number;
};

export type PoolState = { accepted: number; rejected: number; stale: number };

/** Everything physical about one miner at `timeS`, seconds of simulated time. Advanced in place by `stepMiner`. */
export type MinerState = {
  timeS: number;
  phase: Phase;
  phaseEndsS: number;
  /** When the control board came up, and when hashing was last started. */
  bootedAtS: number;
  startedAtS: number;
  fraction: number;
  throttle: number;
  dutyPct: number;
  /** Each fan's speed as a share of its maximum. */
  fanShare: number[];
  boards: BoardState[];
  inletC: number;
  exhaustC: number;
  hottestC: number;
  powerW: number;
  heatToAirW: number;
  hashrateThs: number;
  hashrate30mThs: number;
  noise: number;
  terahashes: number;
  energyKwh: number;
  pools: PoolState[];
  activePool: number;
  hardwareErrors: number;
  psuTripAtS: number;
};

/** A miner that has been hashing for hours, in balance with the air around it. */
export const warmMiner = (model: MinerModel, inletC: number, random: Random, pools: number): MinerState => {
  const steady = steadyDuty(model, inletC, 1);
  const uptimeS = Math.round(between(random, 4 * 3600, 400 * 3600));
  const sharesPerS = sharesPerSecond(model, model.hashrateThs);
  const boards = Array.from({ length: model.boards }, () => ({
    tempC: steady.boardC,
    hottestChipC: model.targetChipC,
    powerW: 0,
    hashrateThs: model.hashrateThs / model.boards,
    lost: false,
    hardwareErrors: Math.round(uptimeS * between(random, 0.002, 0.006)),
    rate: between(random, 0.985, 1.02),
    draw: between(random, 0.98, 1.02),
  }));
  return {
    ...common(model, inletC, pools),
    phase: 'hashing',
    bootedAtS: -uptimeS - Math.round(between(random, 80, 120)),
    startedAtS: -uptimeS,
    fraction: 1,
    dutyPct: steady.dutyPct,
    fanShare: Array.from({ length: model.fans }, () => steady.dutyPct / 100),
    boards,
    hottestC: model.targetChipC,
    powerW: model.powerW,
    hashrateThs: model.hashrateThs,
    hashrate30mThs: model.hashrateThs,
    terahashes: model.hashrateThs * uptimeS,
    pools: Array.from({ length: pools }, (_, index) =>
      index > 0
        ? { accepted: 0, rejected: 0, stale: 0 }
        : {
            accepted: Math.round(uptimeS * sharesPerS),
            rejected: Math.round(uptimeS * sharesPerS * between(random, 0.001, 0.004)),
            stale: Math.round(uptimeS * sharesPerS * between(random, 0, 0.001)),
          },
    ),
    hardwareErrors: boards.reduce((sum, board) => sum + board.hardwareErrors, 0),
  };
};

/** A miner that is switched off and as cold as the air. */
export const coldMiner = (model: MinerModel, inletC = nominalInletC, pools = 1): MinerState => ({
  ...common(model, inletC, pools),
  boards: Array.from({ length: model.boards }, () => ({
    tempC: inletC,
    hottestChipC: hottestChipC(model, inletC, 0),
    powerW: 0,
    hashrateThs: 0,
    lost: false,
    hardwareErrors: 0,
    rate: 1,
    draw: 1,
  })),
});

const common = (model: MinerModel, inletC: number, pools: number): MinerState => ({
  timeS: 0,
  phase: 'off',
  phaseEndsS: 0,
  bootedAtS: 0,
  startedAtS: 0,
  fraction: 0,
  throttle: 1,
  dutyPct: 0,
  fanShare: Array.from({ length: model.fans }, () => 0),
  boards: [],
  inletC,
  exhaustC: inletC,
  hottestC: inletC,
  powerW: 0,
  heatToAirW: 0,
  hashrateThs: 0,
  hashrate30mThs: 0,
  noise: 0,
  terahashes: 0,
  energyKwh: 0,
  pools: Array.from({ length: pools }, () => ({ accepted: 0, rejected: 0, stale: 0 })),
  activePool: 0,
  hardwareErrors: 0,
  psuTripAtS: Number.POSITIVE_INFINITY,
});

export const shareDifficulty = 524_288;

/** How many shares of its difficulty a hashrate finds per second. */
export const sharesPerSecond = (model: MinerModel, hashrateThs: number) =>
  (hashrateThs * 1e12) / ((model.shareDifficulty ?? shareDifficulty) * 2 ** 32);
