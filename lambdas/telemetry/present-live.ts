import type { LiveAnswer } from '../../contracts/api-telemetry.ts';
import { expectedHashrateThs, fansOf, hottestChipC } from '../alerting/miner-facts.ts';
import { toUtc } from '../shared/clock.ts';
import type { FactsOf } from './apply-batch.ts';
import type { LiveReading } from './read-telemetry.ts';

const rounded = (value: number | undefined, decimals = 2) =>
  value === undefined ? null : Number(value.toFixed(decimals));

/** The live readings as the API's columns. */
export const presentLive = (
  siteId: number,
  live: readonly LiveReading[],
  factsOf: FactsOf,
  nowMs: number,
): LiveAnswer => {
  const columns: LiveAnswer['columns'] = {
    miner_id: [],
    zone_id: [],
    model: [],
    customer_id: [],
    state: [],
    sampled_at: [],
    hashrate_ghs: [],
    expected_hashrate_ghs: [],
    hashrate_pct: [],
    power_w: [],
    efficiency_jth: [],
    chip_temp_c: [],
    inlet_temp_c: [],
    fan_rpm_min: [],
    accepted_shares: [],
    rejected_shares: [],
  };
  for (const { reading, mean } of live) {
    const facts = factsOf(reading.minerId);
    const { values } = reading;
    const expected = facts ? expectedHashrateThs(reading, facts) : values.expectedHashrateThs;
    const fans = fansOf(reading).map(({ rpm }) => rpm);
    columns.miner_id.push(reading.minerId);
    columns.zone_id.push(facts?.zoneId ?? null);
    columns.model.push(facts?.model ?? null);
    columns.customer_id.push(facts?.customerId ?? null);
    columns.state.push(reading.state);
    columns.sampled_at.push(toUtc(reading.sampledAtMs));
    columns.hashrate_ghs.push(
      rounded(mean.hashrateThs === undefined ? undefined : mean.hashrateThs * 1000, 1),
    );
    columns.expected_hashrate_ghs.push(rounded(expected === undefined ? undefined : expected * 1000, 1));
    columns.hashrate_pct.push(
      mean.hashrateThs === undefined || !expected ? null : rounded((100 * mean.hashrateThs) / expected),
    );
    columns.power_w.push(rounded(values.powerW));
    columns.efficiency_jth.push(
      mean.hashrateThs && mean.powerW !== undefined ? rounded(mean.powerW / mean.hashrateThs) : null,
    );
    columns.chip_temp_c.push(rounded(hottestChipC(reading)));
    columns.inlet_temp_c.push(rounded(values.inletTempC));
    columns.fan_rpm_min.push(fans.length > 0 ? Math.min(...fans) : null);
    columns.accepted_shares.push(values.acceptedShares ?? null);
    columns.rejected_shares.push(values.rejectedShares ?? null);
  }
  return { site_id: siteId, generated_at: toUtc(nowMs), count: live.length, total: live.length, columns };
};
