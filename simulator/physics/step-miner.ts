import { type Conditions, dustAt, hotAirAt } from './conditions.ts';
import {
  boardAirflow,
  boardHeatJPerK,
  conductanceWPerK,
  exhaustC,
  hottestChipC,
  minDutyPct,
} from './cooling.ts';
import type { MinerState } from './miner-state.ts';
import { sharesPerSecond } from './miner-state.ts';
import type { MinerModel } from './models.ts';
import { boardPowerW, controlPowerW, fanPowerW, psuEfficiency, wallPowerW } from './power.ts';
import { between, normal, poisson, type Random } from './random.ts';

/** What the firmware has been told to do. */
export type Orders = {
  readonly hashing: boolean;
  /** Share of nominal frequency. */
  readonly fraction: number;
  readonly fanDutyPct?: number;
  readonly pools: number;
};

export const stepS = 1;

/**
 * Advances a miner by one step of simulated time, in place. The outcome depends on nothing but the arguments, so equal
 * seeds and equal orders at equal times give equal machines.
 */
export const stepMiner = (
  model: MinerModel,
  state: MinerState,
  conditions: Conditions,
  orders: Orders,
  airC: number,
  random: Random,
): void => {
  state.timeS += stepS;
  state.inletC = airC + hotAirAt(conditions.hotAir, state.timeS);
  stepPhase(model, state, conditions, orders, random);
  stepFrequency(model, state, orders);
  stepFans(model, state, conditions, orders);
  stepPool(state, conditions, orders);
  stepBoards(model, state, conditions, random);
  stepShares(model, state, conditions, random);
};

const powered = (state: MinerState) =>
  state.phase === 'booting' || state.phase === 'ramping' || state.phase === 'hashing';
export const isHashing = (state: MinerState) => state.phase === 'ramping' || state.phase === 'hashing';

/** Begins to look for chips; full speed follows after initialisation and ramp. */
export const beginChainInit = (model: MinerModel, state: MinerState, random: Random) => {
  state.phase = 'booting';
  state.fraction = 0;
  state.throttle = 1;
  state.startedAtS = state.timeS;
  state.phaseEndsS = state.timeS + Math.round(model.chainInitS * between(random, 0.9, 1.1));
};

const stepPhase = (
  model: MinerModel,
  state: MinerState,
  conditions: Conditions,
  orders: Orders,
  random: Random,
) => {
  if (!orders.hashing && (powered(state) || state.phase === 'tripped')) {
    state.phase = 'off';
    state.fraction = 0;
  } else if (orders.hashing && state.phase === 'off') beginChainInit(model, state, random);
  else if (state.phase === 'rebooting' && state.timeS >= state.phaseEndsS) {
    state.bootedAtS = state.timeS;
    if (orders.hashing) beginChainInit(model, state, random);
    else state.phase = 'off';
  } else if (state.phase === 'starting' && state.timeS >= state.phaseEndsS) {
    if (orders.hashing) beginChainInit(model, state, random);
    else state.phase = 'off';
  } else if (state.phase === 'booting' && state.timeS >= state.phaseEndsS) {
    state.phase = 'ramping';
    state.fraction = 0.3;
  } else if (isHashing(state) && state.hottestC > model.shutdownChipC) {
    state.phase = 'tripped';
    state.fraction = 0;
  }
  if (!conditions.badPsu) state.psuTripAtS = Number.POSITIVE_INFINITY;
  else if (isHashing(state) && state.psuTripAtS === Number.POSITIVE_INFINITY)
    state.psuTripAtS = state.timeS + between(random, 90, 240);
  else if (isHashing(state) && state.timeS >= state.psuTripAtS) {
    state.psuTripAtS = Number.POSITIVE_INFINITY;
    beginChainInit(model, state, random);
  }
};

const stepFrequency = (model: MinerModel, state: MinerState, orders: Orders) => {
  if (!isHashing(state)) return;
  const wanted = Math.min(Math.max(1 - 0.03 * (state.hottestC - model.throttleChipC), 0.5), 1);
  state.throttle += (wanted - state.throttle) * (stepS / 20);
  const target = orders.fraction * state.throttle;
  const pace = (0.7 * stepS) / model.rampS;
  state.fraction += Math.min(Math.max(target - state.fraction, -pace), pace);
  if (state.phase === 'ramping' && state.fraction >= target - 1e-6) state.phase = 'hashing';
};

const stepFans = (model: MinerModel, state: MinerState, conditions: Conditions, orders: Orders) => {
  let hottest = state.inletC;
  for (const board of state.boards) if (!board.lost) hottest = Math.max(hottest, board.hottestChipC);
  const change = hottest - state.hottestC;
  state.hottestC = hottest;
  if (state.phase === 'rebooting' || state.phase === 'tripped') state.dutyPct = 100;
  else if (orders.fanDutyPct !== undefined) state.dutyPct = orders.fanDutyPct;
  else if (!powered(state)) state.dutyPct = hottest > 45 ? 100 : minDutyPct;
  else state.dutyPct += 4 * change + 0.05 * (hottest - model.targetChipC) * stepS;
  state.dutyPct = Math.min(Math.max(state.dutyPct, minDutyPct), 100);
  for (let fan = 0; fan < model.fans; fan++) {
    const share = state.fanShare[fan] ?? 0;
    const wanted = conditions.deadFans[fan] ? 0 : state.dutyPct / 100;
    const next = share + (wanted - share) * (stepS / 4);
    state.fanShare[fan] = wanted === 0 && next < 0.02 ? 0 : next;
  }
};

const stepPool = (state: MinerState, conditions: Conditions, orders: Orders) => {
  const first = conditions.deadPools === 'all' ? orders.pools : conditions.deadPools === 'first' ? 1 : 0;
  state.activePool = first < orders.pools ? first : -1;
};

const stepBoards = (model: MinerModel, state: MinerState, conditions: Conditions, random: Random) => {
  const airflow = boardAirflow(model, state.fanShare, dustAt(conditions, state.timeS));
  const working = isHashing(state) && !conditions.hung && state.activePool >= 0;
  state.noise = 0.95 * state.noise + 0.0025 * normal(random);
  const strain = conditions.badPsu ? 0.94 : 1;
  let boardsW = 0;
  let toAirW = 0;
  let hashrate = 0;
  let meanAirflow = 0;
  for (let index = 0; index < state.boards.length; index++) {
    const board = state.boards[index];
    const flow = airflow[index] ?? 0;
    if (!board) continue;
    board.lost = conditions.lostBoards[index] === true;
    const live = !board.lost && powered(state);
    board.powerW = live
      ? board.draw * boardPowerW(model, state.fraction, board.hottestChipC, working ? 1 : 0.05)
      : 0;
    const awayW = conductanceWPerK(model, flow) * (board.tempC - state.inletC);
    board.tempC += ((board.powerW - awayW) * stepS) / boardHeatJPerK(model);
    board.hottestChipC = hottestChipC(model, board.tempC, board.powerW);
    const heatLoss = 1 - 0.004 * Math.max(board.hottestChipC - model.throttleChipC, 0);
    board.hashrateThs =
      live && working
        ? (model.hashrateThs / model.boards) *
          board.rate *
          state.fraction *
          strain *
          heatLoss *
          (1 + state.noise)
        : 0;
    boardsW += board.powerW;
    toAirW += awayW;
    hashrate += board.hashrateThs;
    meanAirflow += flow / state.boards.length;
  }
  const fansW = fanPowerW(model, state.fanShare);
  const efficiency = conditions.badPsu ? 0.82 : psuEfficiency;
  state.powerW =
    state.phase === 'rebooting'
      ? controlPowerW(model) + fansW
      : wallPowerW(model, boardsW, fansW, efficiency);
  state.heatToAirW = toAirW + (state.powerW - boardsW);
  state.exhaustC = exhaustC(model, state.inletC, state.heatToAirW, meanAirflow);
  state.hashrateThs = hashrate;
  state.energyKwh += (state.powerW * stepS) / 3_600_000;
};

const stepShares = (model: MinerModel, state: MinerState, conditions: Conditions, random: Random) => {
  state.hashrate30mThs += (state.hashrateThs - state.hashrate30mThs) * (stepS / 1800);
  if (state.hashrateThs <= 0) return;
  state.terahashes += state.hashrateThs * stepS;
  for (const board of state.boards) {
    const overheated = Math.exp(Math.min(Math.max(board.hottestChipC - 90, 0) / 4, 5));
    const found = poisson(
      random,
      board.hashrateThs > 0 ? 0.004 * overheated * (conditions.badPsu ? 120 : 1) * stepS : 0,
    );
    board.hardwareErrors += found;
    state.hardwareErrors += found;
  }
  const pool = state.pools[state.activePool];
  if (!pool) return;
  const found = poisson(random, sharesPerSecond(model, state.hashrateThs) * stepS);
  for (let share = 0; share < found; share++) {
    const luck = random();
    if (luck < conditions.rejectShare + 0.002) pool.rejected++;
    else if (luck > 0.9995) pool.stale++;
    else pool.accepted++;
  }
};
