import type { LiveAnswer } from '../../../contracts/api-telemetry.ts';
import type { MinerState } from '../../../contracts/reading.ts';

/** One miner of the overview: its row of the columnar live answer. */
export type LiveMiner = {
  readonly minerId: string;
  readonly zoneId: string;
  readonly model: string;
  readonly state: MinerState;
  readonly sampledAt: string;
  readonly hashrateGhs: number | null;
  readonly expectedHashrateGhs: number | null;
  readonly powerW: number | null;
  readonly chipTempC: number | null;
  readonly inletTempC: number | null;
  readonly fanRpmMin: number | null;
  readonly efficiencyJth: number | null;
};

/** The columns of a live answer as miners, in the answer's order. */
export const toMiners = ({ columns }: Pick<LiveAnswer, 'columns'>): LiveMiner[] =>
  columns.miner_id.map((minerId, at) => ({
    minerId,
    zoneId: columns.zone_id[at] ?? '',
    model: columns.model[at] ?? '',
    state: columns.state[at] ?? 'unreachable',
    sampledAt: columns.sampled_at[at] ?? '',
    hashrateGhs: columns.hashrate_ghs[at] ?? null,
    expectedHashrateGhs: columns.expected_hashrate_ghs[at] ?? null,
    powerW: columns.power_w[at] ?? null,
    chipTempC: columns.chip_temp_c[at] ?? null,
    inletTempC: columns.inlet_temp_c[at] ?? null,
    fanRpmMin: columns.fan_rpm_min[at] ?? null,
    efficiencyJth: columns.efficiency_jth[at] ?? null,
  }));

export type FleetSums = {
  readonly hashrateThs: number;
  readonly powerKw: number;
  readonly hashing: number;
  readonly total: number;
};

/** What the site does as a whole. */
export const sumUp = (miners: readonly LiveMiner[]): FleetSums => {
  let hashrateGhs = 0;
  let powerW = 0;
  let hashing = 0;
  for (const miner of miners) {
    hashrateGhs += miner.hashrateGhs ?? 0;
    powerW += miner.powerW ?? 0;
    if (miner.state === 'hashing') hashing += 1;
  }
  return { hashrateThs: hashrateGhs / 1_000, powerKw: powerW / 1_000, hashing, total: miners.length };
};

export type MapColour = 'temp' | 'hashrate' | 'state';

const ramp = (fraction: number) => {
  const bounded = Math.min(1, Math.max(0, fraction));
  return `hsl(${Math.round(210 - 210 * bounded)} 75% ${Math.round(50 - 5 * bounded)}%)`;
};
const stateColours: Record<MinerState, string> = {
  hashing: '#2ea597',
  idle: '#9ba7b6',
  stopped: '#656871',
  booting: '#0972d3',
  fault: '#d91515',
  unreachable: '#000000',
};

/** A miner's square on the map. Cold is blue, hot and weak are red, grey is without a figure. */
export const colourOf = (miner: LiveMiner, by: MapColour): string => {
  if (by === 'state' || miner.state !== 'hashing') return stateColours[miner.state];
  if (by === 'temp') return miner.chipTempC === null ? '#9ba7b6' : ramp((miner.chipTempC - 50) / 45);
  if (miner.hashrateGhs === null || !miner.expectedHashrateGhs) return '#9ba7b6';
  return ramp((1 - miner.hashrateGhs / miner.expectedHashrateGhs) / 0.5);
};
