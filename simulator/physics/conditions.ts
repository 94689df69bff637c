import type { Fault } from '../faults.ts';
import type { MinerModel } from './models.ts';

/** What acts on a miner's physics from outside and from broken parts. */
export type Conditions = {
  readonly deadFans: readonly boolean[];
  readonly lostBoards: readonly boolean[];
  readonly dusts: readonly { readonly severity: number; readonly overS: number; readonly sinceS: number }[];
  readonly hotAir: readonly { readonly riseC: number; readonly sinceS: number }[];
  readonly badPsu: boolean;
  readonly rejectShare: number;
  readonly deadPools: 'none' | 'first' | 'all';
  readonly hung: boolean;
};

/** A fault with the simulated second at which it began. */
export type ActiveFault = { readonly fault: Fault; readonly sinceS: number };

/** Condenses the faults of a miner into what the physics asks at every step. */
export const conditionsOf = (model: MinerModel, faults: readonly ActiveFault[]): Conditions => {
  const deadFans = Array.from({ length: model.fans }, () => false);
  const lostBoards = Array.from({ length: model.boards }, () => false);
  const dusts: { severity: number; overS: number; sinceS: number }[] = [];
  const hotAir: { riseC: number; sinceS: number }[] = [];
  let badPsu = false;
  let hung = false;
  let rejectShare = 0;
  let deadPools: Conditions['deadPools'] = 'none';
  for (const { fault, sinceS } of faults) {
    if (fault.kind === 'dead_fan') deadFans[Math.min(fault.fan, model.fans) - 1] = true;
    else if (fault.kind === 'dead_board') lostBoards[Math.min(fault.board, model.boards) - 1] = true;
    else if (fault.kind === 'dust') dusts.push({ severity: fault.severity, overS: fault.overS, sinceS });
    else if (fault.kind === 'hot_aisle') hotAir.push({ riseC: fault.riseC, sinceS });
    else if (fault.kind === 'bad_psu') badPsu = true;
    else if (fault.kind === 'hang') hung = true;
    else if (fault.kind === 'pool_rejecting') rejectShare = Math.max(rejectShare, fault.share);
    else if (fault.kind === 'pool_dead' && deadPools !== 'all') deadPools = fault.which;
  }
  return { deadFans, lostBoards, dusts, hotAir, badPsu, rejectShare, deadPools, hung };
};

/** How much of the heat sinks is covered at `timeS`, 0 to 1. */
export const dustAt = (conditions: Conditions, timeS: number): number => {
  let dust = 0;
  for (const { severity, overS, sinceS } of conditions.dusts)
    dust = Math.max(
      dust,
      overS > 0 ? severity * Math.min(Math.max((timeS - sinceS) / overS, 0), 1) : severity,
    );
  return dust;
};

const hotAirTimeConstantS = 75;

/** How much warmer than usual the inlet air is at `timeS`, °C. */
export const hotAirAt = (hotAir: Conditions['hotAir'], timeS: number): number => {
  let rise = 0;
  for (const { riseC, sinceS } of hotAir)
    rise += riseC * (1 - Math.exp(-Math.max(timeS - sinceS, 0) / hotAirTimeConstantS));
  return rise;
};
