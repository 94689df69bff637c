import { chipLimits } from './chip-limits.ts';
import { noisePrior } from './judge-hashrate.ts';
import type { MinerFacts } from './miner-facts.ts';
import { peerGroup } from './peer-medians.ts';

/** What the registry says of the miners of a shard, one entry a miner, as the detectors' column forms need it. */
export type FactColumns = {
  readonly facts: readonly (MinerFacts | undefined)[];
  /** Index of the miner's peer group; -1 for a miner that is not registered. */
  readonly group: Int32Array;
  readonly groups: number;
  /** The miners that are not registered. */
  readonly unknown: readonly string[];
  readonly ratedHashrateThs: Float64Array;
  readonly ratedPowerW: Float64Array;
  /** By peer group: the least and most energy per hash that its miners are rated at. */
  readonly leastRatedJth: Float64Array;
  readonly mostRatedJth: Float64Array;
  readonly noisePrior: Float64Array;
  readonly warnC: Float64Array;
  /** 1: the board's sensor stands in where the chips say nothing. */
  readonly boardSensor: Uint8Array;
};

export const factColumns = (
  minerIds: readonly string[],
  factsOf: (minerId: string) => MinerFacts | undefined,
): FactColumns => {
  const { length } = minerIds;
  const groups = new Map<string, number>();
  const columns = {
    facts: minerIds.map(factsOf),
    group: new Int32Array(length).fill(-1),
    ratedHashrateThs: new Float64Array(length),
    ratedPowerW: new Float64Array(length),
    noisePrior: new Float64Array(length),
    warnC: new Float64Array(length),
    boardSensor: new Uint8Array(length),
  };
  const limits = new Map<string, ReturnType<typeof chipLimits>>();
  columns.facts.forEach((facts, at) => {
    if (!facts) return;
    const key = peerGroup(facts);
    const group = groups.get(key) ?? groups.size;
    groups.set(key, group);
    const limit = limits.get(facts.model) ?? chipLimits(facts.model);
    limits.set(facts.model, limit);
    columns.group[at] = group;
    columns.ratedHashrateThs[at] = facts.ratedHashrateThs;
    columns.ratedPowerW[at] = facts.ratedPowerW;
    columns.noisePrior[at] = noisePrior(facts);
    columns.warnC[at] = limit.warnC;
    columns.boardSensor[at] = limit.boardSensor ? 1 : 0;
  });
  const unknown = minerIds.filter((_, at) => !columns.facts[at]);
  const leastRatedJth = new Float64Array(groups.size).fill(Number.POSITIVE_INFINITY);
  const mostRatedJth = new Float64Array(groups.size);
  columns.facts.forEach((facts, at) => {
    if (!facts) return;
    const group = columns.group[at] as number;
    const jth = facts.ratedPowerW / facts.ratedHashrateThs;
    leastRatedJth[group] = Math.min(leastRatedJth[group] as number, jth);
    mostRatedJth[group] = Math.max(mostRatedJth[group] as number, jth);
  });
  return { ...columns, groups: groups.size, unknown, leastRatedJth, mostRatedJth };
};
