import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LiveAnswer } from '../../../contracts/api-telemetry.ts';
import { minerStates } from '../../../contracts/reading.ts';
import { findMiner, type LiveMiner, sumUp, toMiners } from './live-fleet.ts';

const figure = fc.option(fc.double({ min: 0, max: 300_000, noNaN: true }), { nil: null });
const miner: fc.Arbitrary<LiveMiner> = fc.record({
  minerId: fc.string({ minLength: 1 }),
  zoneId: fc.string({ minLength: 1 }),
  model: fc.string({ minLength: 1 }),
  state: fc.constantFrom(...minerStates),
  sampledAt: fc.constant('2026-01-01T00:00:00.000Z'),
  hashrateGhs: figure,
  expectedHashrateGhs: figure,
  powerW: figure,
  chipTempC: figure,
  inletTempC: figure,
  fanRpmMin: figure,
  efficiencyJth: figure,
});
const one: LiveMiner = {
  minerId: 'm-1',
  zoneId: 'zone-1',
  model: 'Antminer S21',
  state: 'hashing',
  sampledAt: '2026-01-01T00:00:00.000Z',
  hashrateGhs: 200_000,
  expectedHashrateGhs: 200_000,
  powerW: 3_500,
  chipTempC: 72,
  inletTempC: 25,
  fanRpmMin: 5_000,
  efficiencyJth: 17.5,
};

const columnsOf = (miners: readonly LiveMiner[]): Pick<LiveAnswer, 'columns'> => ({
  columns: {
    miner_id: miners.map(({ minerId }) => minerId),
    zone_id: miners.map(({ zoneId }) => zoneId),
    model: miners.map(({ model }) => model),
    customer_id: miners.map(() => null),
    state: miners.map(({ state }) => state),
    sampled_at: miners.map(({ sampledAt }) => sampledAt),
    hashrate_ghs: miners.map(({ hashrateGhs }) => hashrateGhs),
    expected_hashrate_ghs: miners.map(({ expectedHashrateGhs }) => expectedHashrateGhs),
    hashrate_pct: miners.map(() => null),
    power_w: miners.map(({ powerW }) => powerW),
    efficiency_jth: miners.map(({ efficiencyJth }) => efficiencyJth),
    chip_temp_c: miners.map(({ chipTempC }) => chipTempC),
    inlet_temp_c: miners.map(({ inletTempC }) => inletTempC),
    fan_rpm_min: miners.map(({ fanRpmMin }) => fanRpmMin),
    accepted_shares: miners.map(() => 1),
    rejected_shares: miners.map(() => 0),
  },
});

describe('the live fleet', () => {
  it('reads columns back as the miners that they were made of', () => {
    fc.assert(
      fc.property(fc.uniqueArray(miner, { selector: ({ minerId }) => minerId }), (miners) => {
        expect(toMiners(columnsOf(miners))).toEqual(miners);
        for (const each of miners) expect(findMiner(columnsOf(miners), each.minerId)).toEqual(each);
        expect(findMiner(columnsOf(miners), '')).toBeUndefined();
      }),
    );
  });

  it('sums in TH/s and kW, and counts who hashes; a missing figure adds nothing', () => {
    const miners = [one, { ...one, state: 'stopped' as const, hashrateGhs: null, powerW: null }];
    expect(sumUp(miners)).toEqual({ hashrateThs: 200, powerKw: 3.5, hashing: 1, total: 2 });
    expect(sumUp([])).toEqual({ hashrateThs: 0, powerKw: 0, hashing: 0, total: 0 });
  });

  it('adds sites up as it adds miners up', () => {
    fc.assert(
      fc.property(fc.array(miner), fc.array(miner), (a, b) => {
        const [whole, left, right] = [sumUp([...a, ...b]), sumUp(a), sumUp(b)];
        expect(whole.powerKw).toBeCloseTo(left.powerKw + right.powerKw, 3);
        expect(whole.hashing).toBe(left.hashing + right.hashing);
      }),
    );
  });
});
