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

type Columns = Pick<LiveAnswer, 'columns'>;

const minerAt = ({ columns }: Columns, at: number): LiveMiner => ({
  minerId: columns.miner_id[at] ?? '',
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
});

/** The columns of a live answer as miners, in the answer's order. */
export const toMiners = (answer: Columns): LiveMiner[] =>
  answer.columns.miner_id.map((_, at) => minerAt(answer, at));

/** One miner of a live answer, if the site has it. */
export const findMiner = (answer: Columns, minerId: string): LiveMiner | undefined => {
  const at = answer.columns.miner_id.indexOf(minerId);
  return at < 0 ? undefined : minerAt(answer, at);
};

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
