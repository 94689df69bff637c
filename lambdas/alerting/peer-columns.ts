import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
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
  /** By group, between what its members' energies per hash lie; `lowest` is above `highest` where `efficiencyJth` is NaN. */
  readonly efficiencyBounds: () => { readonly lowest: Float64Array; readonly highest: Float64Array };
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
  let scratch = new Float64Array(0);
  const median = (group: number, visit: Visit) => {
    const { batch, batchFields, batchRow, known, knownRow } = rows;
    const { of, from } = members;
    const [start, end] = [from[group] as number, from[group + 1] as number];
    if (scratch.length < 4 * (end - start)) scratch = new Float64Array(4 * of.length);
    let filled = 0;
    for (let at = start; at < end; at++) {
      const miner = of[at] as number;
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
  const sizeOf = (group: number) => (members.from[group + 1] ?? 0) - (members.from[group] ?? 0);
  const remembered = (visit: Visit) => {
    const medians = new Float64Array(facts.groups).fill(Number.NEGATIVE_INFINITY);
    return (group: number) => {
      const isEnough = sizeOf(group) >= leastPeers;
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
    efficiencyBounds: () => boundsOf(members, facts.groups, rows),
    of: (group) => {
      const miners = sizeOf(group);
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

/** The members of all groups, group by group: those of `g` stand from `from[g]` to before `from[g + 1]`. */
type Members = { readonly of: Uint32Array; readonly from: Uint32Array };

const membersOf = (
  { group, groups }: FactColumns,
  rows: LiveRows,
  endMs: number,
  spanMs: number,
): Members => {
  const { batch, batchRow, known, knownRow } = rows;
  const isMember = new Uint8Array(batchRow.length);
  markRecent(isMember, batchRow, batch, endMs, spanMs);
  if (known) {
    for (let miner = 0; miner < isMember.length; miner++)
      if ((batchRow[miner] as number) < 0)
        isMember[miner] = isRecent(known.columns, knownRow[miner] as number, endMs, spanMs);
  }
  const from = new Uint32Array(groups + 1);
  for (let miner = 0; miner < isMember.length; miner++)
    if (isMember[miner] === 1 && (group[miner] as number) >= 0) {
      const next = (group[miner] as number) + 1;
      from[next] = (from[next] as number) + 1;
    }
  for (let at = 0; at < groups; at++) from[at + 1] = (from[at + 1] as number) + (from[at] as number);
  const next = from.slice();
  const of = new Uint32Array(from[groups] as number);
  for (let miner = 0; miner < isMember.length; miner++) {
    const own = group[miner] as number;
    if (isMember[miner] === 0 || own < 0) continue;
    const place = next[own] as number;
    of[place] = miner;
    next[own] = place + 1;
  }
  return { of, from };
};

const isRecent = ({ state, sampledAtMs }: TelemetryColumns, row: number, endMs: number, spanMs: number) =>
  row >= 0 && state[row] === hashingState && Math.abs((sampledAtMs[row] as number) - endMs) <= spanMs ? 1 : 0;

const markRecent = (
  isMember: Uint8Array,
  rowOf: Int32Array,
  { state, sampledAtMs }: TelemetryColumns,
  endMs: number,
  spanMs: number,
) => {
  for (let miner = 0; miner < isMember.length; miner++) {
    const row = rowOf[miner] as number;
    if (row < 0 || state[row] !== hashingState) continue;
    if (Math.abs((sampledAtMs[row] as number) - endMs) <= spanMs) isMember[miner] = 1;
  }
};

const boundsOf = ({ of, from }: Members, groups: number, rows: LiveRows) => {
  const lowest = new Float64Array(groups).fill(Number.POSITIVE_INFINITY);
  const highest = new Float64Array(groups).fill(Number.NEGATIVE_INFINITY);
  const { batchFields, batchRow, known, knownRow } = rows;
  for (let group = 0; group < groups; group++) {
    const [start, end] = [from[group] as number, from[group + 1] as number];
    if (end - start < leastPeers) continue;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let at = start; at < end; at++) {
      const miner = of[at] as number;
      const isNew = (batchRow[miner] as number) >= 0;
      const fields = isNew ? batchFields : known?.fields;
      if (!fields) continue;
      const row = (isNew ? batchRow[miner] : knownRow[miner]) as number;
      const hashrate = fields.hashrateThs[row] as number;
      const power = fields.powerW[row] as number;
      if (!hashrate || !power) continue;
      const jth = power / powerScale / (hashrate / hashrateScale);
      if (jth < low) low = jth;
      if (jth > high) high = jth;
    }
    lowest[group] = low;
    highest[group] = high;
  }
  return { lowest, highest };
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
