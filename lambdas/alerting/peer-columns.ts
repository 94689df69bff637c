import { type AllFields, hashrateScale, powerScale } from './column-rows.ts';
import type { FactColumns } from './fact-columns.ts';
import { expectedOf, hashingState, hottestOf, type LiveRows } from './live-rows.ts';
import { medianOf } from './median-of.ts';
import { leastPeers, type PeerMedians } from './peer-medians.ts';

/** Peers' medians by peer group, computed when they are asked for: what `peerMedians` says of the same readings. */
export type PeerColumns = {
  readonly of: (group: number) => PeerMedians | undefined;
  /** NaN where `of` has none. */
  readonly efficiencyJth: (group: number) => number;
  readonly chipTempC: (group: number) => number;
};

type Visit = (
  fields: AllFields,
  row: number,
  miner: number,
  mode: number,
  into: Float64Array,
  at: number,
) => number;

/** The miners of a shard that hash and were sampled within `spanMs` of `endMs`, as yardsticks for each other. */
export const peerColumns = (
  facts: FactColumns,
  rows: LiveRows,
  endMs: number,
  spanMs: number,
): PeerColumns => {
  const members = membersOf(facts, rows, endMs, spanMs);
  const scratch = new Float64Array(4 * Math.max(1, ...members.map((group) => group.length)));
  const median = (group: number, visit: Visit) => {
    const { batch, batchFields, batchRow, known, knownRow } = rows;
    let filled = 0;
    for (const miner of members[group] ?? []) {
      const row = batchRow[miner] as number;
      if (row >= 0) filled = visit(batchFields, row, miner, batch.mode[row] as number, scratch, filled);
      else if (known) {
        const old = knownRow[miner] as number;
        filled = visit(known.fields, old, miner, known.columns.mode[old] as number, scratch, filled);
      }
    }
    return medianOf(scratch, 0, filled);
  };
  const share: Visit = (fields, row, miner, mode, into, at) => {
    const hashrate = fields.hashrateThs[row] as number;
    const { ratedHashrateThs, ratedPowerW } = facts;
    const expected = expectedOf(
      fields,
      mode,
      row,
      ratedHashrateThs[miner] as number,
      ratedPowerW[miner] as number,
    );
    if (!expected || Number.isNaN(hashrate)) return at;
    into[at] = hashrate / hashrateScale / expected;
    return at + 1;
  };
  const remembered = (visit: Visit) => {
    const medians = new Float64Array(members.length).fill(Number.NEGATIVE_INFINITY);
    return (group: number) => {
      const isEnough = (members[group]?.length ?? 0) >= leastPeers;
      if (medians[group] === Number.NEGATIVE_INFINITY)
        medians[group] = isEnough ? median(group, visit) : Number.NaN;
      return medians[group] ?? Number.NaN;
    };
  };
  const hashrateShare = remembered(share);
  const chipTempC = remembered(temperature);
  const efficiencyJth = remembered(efficiency);
  const fanRpm = remembered(fans);
  return {
    efficiencyJth,
    chipTempC,
    of: (group) => {
      const miners = members[group]?.length ?? 0;
      if (miners < leastPeers) return undefined;
      return {
        miners,
        ...said('hashrateShare', hashrateShare(group)),
        ...said('chipTempC', chipTempC(group)),
        ...said('efficiencyJth', efficiencyJth(group)),
        ...said('fanRpm', fanRpm(group)),
      };
    },
  };
};

const said = (name: Exclude<keyof PeerMedians, 'miners'>, value: number) =>
  Number.isNaN(value) ? {} : { [name]: value };

const membersOf = (facts: FactColumns, rows: LiveRows, endMs: number, spanMs: number): number[][] => {
  const { batch, batchRow, known, knownRow } = rows;
  const members: number[][] = Array.from({ length: facts.groups }, () => []);
  for (let miner = 0; miner < batchRow.length; miner++) {
    const group = facts.group[miner] as number;
    if (group < 0) continue;
    const row = batchRow[miner] as number;
    const columns = row >= 0 ? batch : known?.columns;
    const at = row >= 0 ? row : (knownRow[miner] as number);
    if (!columns || at < 0 || columns.state[at] !== hashingState) continue;
    if (Math.abs((columns.sampledAtMs[at] as number) - endMs) <= spanMs) members[group]?.push(miner);
  }
  return members;
};

const temperature: Visit = (fields, row, _miner, _mode, into, at) => {
  const hottest = hottestOf(fields, row);
  if (Number.isNaN(hottest)) return at;
  into[at] = hottest;
  return at + 1;
};

const efficiency: Visit = (fields, row, _miner, _mode, into, at) => {
  const hashrate = fields.hashrateThs[row] as number;
  const power = fields.powerW[row] as number;
  if (!hashrate || !power) return at;
  into[at] = power / powerScale / (hashrate / hashrateScale);
  return at + 1;
};

const fans: Visit = (fields, row, _miner, _mode, into, at) => {
  let filled = at;
  const one = fields.fan1Rpm[row] as number;
  const two = fields.fan2Rpm[row] as number;
  const three = fields.fan3Rpm[row] as number;
  const four = fields.fan4Rpm[row] as number;
  if (!Number.isNaN(one)) into[filled++] = one;
  if (!Number.isNaN(two)) into[filled++] = two;
  if (!Number.isNaN(three)) into[filled++] = three;
  if (!Number.isNaN(four)) into[filled++] = four;
  return filled;
};
