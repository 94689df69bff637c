import type { MinerModel } from './models.ts';

export const psuEfficiency = 0.95;
/** The control board, W. */
export const controlPowerW = (model: MinerModel) => model.controlPowerW ?? 12;
const fullFanW = (model: MinerModel) => model.fanFullPowerW ?? 20;
/** Share of a board's nominal power that leaks through the chips whether or not they switch. */
const leakShare = 0.15;
const leakPerKelvin = 1 / 50;

/** Fans take power with the cube of their speed. */
export const fanPowerW = (model: MinerModel, fanShare: readonly number[]) =>
  fanShare.reduce((sum, share) => sum + fullFanW(model) * share ** 3, 0);

const usualFansW = (model: MinerModel) => model.fans * fullFanW(model) * 0.8 ** 3;

/** Heat of one board at nameplate power, W. */
export const nominalBoardPowerW = (model: MinerModel) =>
  ((model.powerW - usualFansW(model)) * psuEfficiency - controlPowerW(model)) / model.boards;

/** Voltage follows frequency: 70 % of it is needed to switch at all. */
export const voltageAt = (model: MinerModel, fraction: number) => model.voltageV * (0.7 + 0.3 * fraction);

/**
 * Power of one board, W, at a share of nominal frequency: switching power goes with f·V², leakage with V and
 * exponentially with temperature. `activity` 0 is a powered chip without work.
 */
export const boardPowerW = (model: MinerModel, fraction: number, chipC: number, activity = 1) => {
  const volts = 0.7 + 0.3 * fraction;
  const switching = (1 - leakShare) * fraction * volts ** 2 * activity;
  const leak =
    leakShare * volts * Math.exp(Math.min(Math.max((chipC - model.targetChipC) * leakPerKelvin, -2), 1.2));
  return nominalBoardPowerW(model) * (switching + leak);
};

/** Power at the wall, W. */
export const wallPowerW = (model: MinerModel, boardsW: number, fansW: number, efficiency = psuEfficiency) =>
  (boardsW + controlPowerW(model)) / efficiency + fansW;

export const minFraction = 0.45;
export const maxFraction = 1.15;

/** The share of nominal frequency at which the miner draws `limitW` at the wall with warm chips. */
export const fractionForPower = (model: MinerModel, limitW: number): number => {
  const fansW = usualFansW(model);
  let low = minFraction;
  let high = maxFraction;
  for (let round = 0; round < 24; round++) {
    const middle = (low + high) / 2;
    if (wallPowerW(model, model.boards * boardPowerW(model, middle, model.targetChipC), fansW) > limitW)
      high = middle;
    else low = middle;
  }
  return low;
};
