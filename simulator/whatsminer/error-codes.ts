import type { FirmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';

const firstFan = 110;
const sagging = 202;
const boardTooHot = 350;
const boardNotFound = 530;
const hotAir = 600;
const poolLost = 2020;
const poolRejects = 2030;
const hashrateLow = 2310;

/** The codes that the firmware raises for what it can sense, as its vendor numbers them. */
export const errorCodes = (miner: SimulatedMiner, view: FirmwareView): string[] => {
  const codes: number[] = [];
  view.fanRpm.forEach((rpm, index) => {
    if (rpm === 0) codes.push(firstFan + index);
  });
  if (miner.has('bad_psu')) codes.push(sagging);
  view.boards.forEach((board, index) => {
    if (board.chipC.length === 0) codes.push(boardNotFound + index);
    else if ((board.chipC[0] ?? 0) > miner.model.throttleChipC) codes.push(boardTooHot + index);
  });
  if (view.inletC > 45) codes.push(hotAir);
  if (view.pools.length > 0 && !view.pools[0]?.alive) codes.push(poolLost);
  const judged = view.accepted + view.rejected;
  if (judged > 20 && miner.has('pool_rejecting')) codes.push(poolRejects);
  if (view.phase === 'hashing' && view.hashrateThs < 0.75 * view.idealThs && miner.settings.mode === 'normal')
    codes.push(hashrateLow);
  return codes.map(String);
};
