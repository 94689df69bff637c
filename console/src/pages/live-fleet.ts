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

export const mapColours = ['temp', 'hashrate', 'state'] as const;
export type MapColour = (typeof mapColours)[number];

/** From well to badly: blue over yellow to red, which colour-blind eyes tell apart too. */
export const rampStops = ['#2b6cb0', '#6db3dd', '#f2d16b', '#f08a3c', '#d1242f'] as const;
const shades = 64;

const channelsOf = (colour: string) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
const rampColours: readonly string[] = Array.from({ length: shades + 1 }, (_, shade) => {
  const position = (shade / shades) * (rampStops.length - 1);
  const at = Math.min(rampStops.length - 2, Math.floor(position));
  const from = channelsOf(rampStops[at] ?? '#000000');
  const to = channelsOf(rampStops[at + 1] ?? '#000000');
  const mixed = from.map((value, channel) =>
    Math.round(value + ((to[channel] ?? 0) - value) * (position - at)),
  );
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
});
const ramp = (fraction: number) =>
  rampColours[Math.round(Math.min(1, Math.max(0, fraction)) * shades)] ?? noFigure;

export const stateColours: Record<MinerState, string> = {
  hashing: '#2ea597',
  idle: '#9ba7b6',
  stopped: '#656871',
  booting: '#a3c644',
  fault: '#c026d3',
  unreachable: '#6d28d9',
};
const noFigure = '#c6cdd6';

/** The figures at the two ends of the ramp: chip temperature in °C, and hashrate in percent of the expected. */
export const rampEnds = { temp: [50, 95], hashrate: [100, 50] } as const;

/** A miner's square on the map: its figure on the ramp, or its state where it does not hash; pale without a figure. */
export const colourOf = (miner: LiveMiner, by: MapColour): string => {
  if (by === 'state' || miner.state !== 'hashing') return stateColours[miner.state];
  const [well, badly] = rampEnds[by];
  const figure =
    by === 'temp'
      ? miner.chipTempC
      : miner.hashrateGhs === null || !miner.expectedHashrateGhs
        ? null
        : (100 * miner.hashrateGhs) / miner.expectedHashrateGhs;
  return figure === null ? noFigure : ramp((figure - well) / (badly - well));
};
