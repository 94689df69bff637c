import type { LiveFigure } from '../../contracts/api-telemetry.ts';
import { powerModes, type ReadingField } from '../../contracts/reading.ts';
import { type Column, scaleOf, type TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import type { Clock } from '../shared/clock.ts';
import type { FactsOf } from './apply-columns.ts';

/** Means of the five minutes before each miner's latest sample; NaN where it said nothing. */
export type LiveMeans = { readonly hashrateThs: Column; readonly powerW: Column };

/** The latest of every miner of a site in the API's units, by miner id: what the live list filters, sorts and shows. NaN is absent. */
export type LiveTable = {
  readonly rows: number;
  readonly minerId: readonly string[];
  readonly zoneId: readonly (string | null)[];
  readonly model: readonly (string | null)[];
  readonly customerId: readonly (string | null)[];
  /** 1 for a miner that was taken out of use. */
  readonly retired: Uint8Array;
  readonly state: Uint8Array;
  readonly sampledAtMs: Float64Array;
  readonly figures: Readonly<Record<LiveFigure, Column>>;
};

const chipFields = ['chipTempC', 'board1ChipTempC', 'board2ChipTempC', 'board3ChipTempC'] as const;
const fanFields = ['fan1Rpm', 'fan2Rpm', 'fan3Rpm', 'fan4Rpm'] as const;
const lowMode = powerModes.indexOf('low') + 1;

/** One row per miner, in miner order, as `contracts/telemetry-columns.ts` keeps rows. */
export const liveTableOf = (latest: TelemetryColumns, means: LiveMeans, factsOf: FactsOf): LiveTable => {
  const { rows, minerIds, miner, mode, values } = latest;
  const column = () => new Float64Array(rows).fill(Number.NaN);
  const figures = {
    hashrate_ghs: column(),
    expected_hashrate_ghs: column(),
    hashrate_pct: column(),
    power_w: column(),
    efficiency_jth: column(),
    chip_temp_c: column(),
    inlet_temp_c: column(),
    fan_rpm_min: column(),
    accepted_shares: column(),
    rejected_shares: column(),
  };
  const minerId: string[] = [];
  const zoneId: (string | null)[] = [];
  const model: (string | null)[] = [];
  const customerId: (string | null)[] = [];
  const retired = new Uint8Array(rows);
  const read = (field: ReadingField) => {
    const from = values[field];
    const scale = scaleOf(field);
    return (at: number) => (from?.[at] ?? Number.NaN) / scale;
  };
  const expectedOf = read('expectedHashrateThs');
  const limitOf = read('powerLimitW');
  const powerOf = read('powerW');
  const inletOf = read('inletTempC');
  const acceptedOf = read('acceptedShares');
  const rejectedOf = read('rejectedShares');
  const chipsOf = chipFields.map(read);
  const fansOf = fanFields.map(read);
  for (let at = 0; at < rows; at++) {
    const id = minerIds[miner[at] ?? 0] ?? '';
    const facts = factsOf(id);
    minerId.push(id);
    zoneId.push(facts?.zoneId ?? null);
    model.push(facts?.model ?? null);
    customerId.push(facts?.customerId ?? null);
    if (facts?.retired) retired[at] = 1;
    const hashrate = means.hashrateThs[at] ?? Number.NaN;
    const power = means.powerW[at] ?? Number.NaN;
    let expected = expectedOf(at);
    // As alerting/miner-facts.ts: what the firmware expects, else the rating, lowered with a power limit.
    if (!expected && facts && mode[at] !== lowMode) {
      const limit = limitOf(at);
      expected = facts.ratedHashrateThs * (limit ? Math.min(1, limit / facts.ratedPowerW) : 1);
    }
    figures.hashrate_ghs[at] = round(hashrate * 1000, 10);
    figures.expected_hashrate_ghs[at] = expected ? round(expected * 1000, 10) : Number.NaN;
    figures.hashrate_pct[at] = expected ? round((100 * hashrate) / expected, 100) : Number.NaN;
    figures.power_w[at] = powerOf(at);
    figures.efficiency_jth[at] = hashrate ? round(power / hashrate, 100) : Number.NaN;
    figures.chip_temp_c[at] = round(greatestAbove(0, chipsOf, at), 100);
    figures.inlet_temp_c[at] = inletOf(at);
    figures.fan_rpm_min[at] = least(fansOf, at);
    figures.accepted_shares[at] = acceptedOf(at);
    figures.rejected_shares[at] = rejectedOf(at);
  }
  return {
    rows,
    minerId,
    zoneId,
    model,
    customerId,
    retired,
    state: latest.state,
    sampledAtMs: latest.sampledAtMs,
    figures,
  };
};

type At = (at: number) => number;
const round = (value: number, per: number) => Math.round(value * per) / per;

/** The greatest value above a floor; readings of 0 °C and below are sensors that did not answer. */
const greatestAbove = (floor: number, fields: readonly At[], at: number) => {
  let greatest = Number.NaN;
  for (const field of fields) {
    const value = field(at);
    if (value > floor && !(value <= greatest)) greatest = value;
  }
  return greatest;
};

const least = (fields: readonly At[], at: number) => {
  let smallest = Number.NaN;
  for (const field of fields) {
    const value = field(at);
    if (!Number.isNaN(value) && !(value >= smallest)) smallest = value;
  }
  return smallest;
};

type ReadLive = (siteId: number) => Promise<{ readonly latest: TelemetryColumns; readonly means: LiveMeans }>;
/** The registry itself is read again after a minute at the latest; a table of unchanged readings may be so much older. */
const freshMs = 10_000;

/** Live tables by site, made again where a reading or (after ten seconds) the registry has changed. */
export const liveTables = (
  readLive: ReadLive,
  factsOfSite: (siteId: number, minerIds: readonly string[]) => Promise<FactsOf>,
  clock: Clock,
) => {
  const made = new WeakMap<object, { readonly atMs: number; readonly table: LiveTable }>();
  return async (siteId: number): Promise<LiveTable> => {
    const live = await readLive(siteId);
    const known = made.get(live);
    if (known && clock.nowMs() - known.atMs < freshMs) return known.table;
    const table = liveTableOf(live.latest, live.means, await factsOfSite(siteId, live.latest.minerIds));
    made.set(live, { atMs: clock.nowMs(), table });
    return table;
  };
};
