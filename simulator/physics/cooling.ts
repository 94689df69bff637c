import type { MinerModel } from './models.ts';
import { boardPowerW, nominalBoardPowerW } from './power.ts';

export const nominalInletC = 27;
export const nominalDutyPct = 80;
export const minDutyPct = 15;
/** From the board to the junction of its hottest chip at nominal power. */
const junctionRiseC = 8;
/** Boards of less than half a kilowatt have heat sinks and fans to match. */
const boardScale = (model: MinerModel) => Math.min(1, nominalBoardPowerW(model) / 500);
/** What a board loses to still air, W/K. */
const stillAirWPerK = (model: MinerModel) => 2 * boardScale(model);
/** Aluminium of a board and its heat sinks, J/K: gives a time constant of about two minutes at normal airflow. */
export const boardHeatJPerK = (model: MinerModel) => 3400 * boardScale(model);
/** Heat that the air carries away per kelvin at full fans (about 390 CFM on a large machine), W/K. */
const airflowWPerK = (model: MinerModel) => 220 * boardScale(model);

/**
 * Share of full airflow over each board. Antminers have two channels of two fans in a row: the first board lies in the
 * first channel, the last in the second, the middle one in both. Machines of two fans have one channel. A stopped fan
 * stands in its neighbour's way, so a channel with one running fan keeps about a third of its flow.
 */
export const boardAirflow = (model: MinerModel, fanShare: readonly number[], dust: number): number[] => {
  const clean = 1 - 0.6 * dust;
  const first = channelFlow(fanShare[0] ?? 0, fanShare[model.fans === 1 ? 0 : 1] ?? 0) * clean;
  const second = model.fans <= 2 ? first : channelFlow(fanShare[2] ?? 0, fanShare[3] ?? 0) * clean;
  const flows: number[] = [];
  for (let board = 0; board < model.boards; board++) {
    const along = model.boards === 1 ? 0.5 : board / (model.boards - 1);
    flows.push(first * (1 - along) + second * along);
  }
  return flows;
};

const channelFlow = (a: number, b: number) => {
  const larger = Math.max(a, b);
  return larger <= 0 ? 0 : ((a + b) / 2) * (1 - (0.3 * Math.abs(a - b)) / larger);
};

const forcedWPerK = (model: MinerModel) => {
  const rise = model.targetChipC - junctionRiseC - nominalInletC;
  return (nominalBoardPowerW(model) / rise - stillAirWPerK(model)) / (nominalDutyPct / 100) ** 0.8;
};

/** Conductance from a board to the air, W/K, for its share of full airflow. */
export const conductanceWPerK = (model: MinerModel, airflow: number) =>
  stillAirWPerK(model) + forcedWPerK(model) * airflow ** 0.8;

/** The hottest junction of a board at `boardC` that turns `powerW` into heat. */
export const hottestChipC = (model: MinerModel, boardC: number, powerW: number) =>
  boardC + (junctionRiseC * powerW) / nominalBoardPowerW(model);

/** Temperature of the air that leaves the miner in steady state. */
export const exhaustC = (model: MinerModel, inletC: number, heatW: number, meanAirflow: number) =>
  inletC + heatW / (airflowWPerK(model) * Math.max(meanAirflow, 0.02));

/** Fan duty that holds a healthy miner's hottest chip at its target, and the board temperature that goes with it. */
export const steadyDuty = (
  model: MinerModel,
  inletC: number,
  fraction: number,
): { dutyPct: number; boardC: number } => {
  const power = boardPowerW(model, fraction, model.targetChipC);
  const boardC = model.targetChipC - (junctionRiseC * power) / nominalBoardPowerW(model);
  const needed = power / Math.max(boardC - inletC, 1) - stillAirWPerK(model);
  const duty = 100 * Math.max(needed / forcedWPerK(model), 0) ** 1.25;
  return { dutyPct: Math.min(Math.max(duty, minDutyPct), 100), boardC };
};
