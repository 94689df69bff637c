import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LiveMiner } from '../pages/live-fleet.ts';
import { farFrom, fewestPeers, findOutliers, medianOf, robustly } from './outliers.ts';

const miner = (at: number, change: Partial<LiveMiner> = {}): LiveMiner => ({
  minerId: `m-${at}`,
  zoneId: 'zone-1',
  model: 'Antminer S21',
  state: 'hashing',
  sampledAt: '2026-01-01T00:00:00.000Z',
  hashrateGhs: 200_000,
  expectedHashrateGhs: 200_000,
  powerW: 3_500,
  chipTempC: 70 + (at % 5) / 2,
  inletTempC: 25,
  fanRpmMin: 5_000,
  efficiencyJth: 17.5,
  ...change,
});
const fleet = (count: number, change: Partial<LiveMiner> = {}) =>
  Array.from({ length: count }, (_, at) => miner(at, change));

describe('outliers', () => {
  it('are found by each figure, with the median of their own peers', () => {
    const hot = miner(100, { chipTempC: 91 });
    const slow = miner(101, { hashrateGhs: 133_000 });
    const hungry = miner(102, { powerW: 3_900 });
    const found = findOutliers([...fleet(20), hot, slow, hungry]);
    expect(found.map(({ miner: { minerId }, figure }) => [minerId, figure]).toSorted()).toEqual([
      ['m-100', 'temp'],
      ['m-101', 'hashrate'],
      ['m-102', 'power'],
    ]);
    const [hottest] = found.filter(({ figure }) => figure === 'temp');
    expect(hottest).toMatchObject({ value: 91, peers: 22 });
    expect(hottest?.median).toBeCloseTo(71);
    expect(found.find(({ figure }) => figure === 'hashrate')?.deviation).toBeLessThan(-farFrom);
  });

  it('are measured against the same model in the same zone only', () => {
    const other = fleet(20, { zoneId: 'zone-2', chipTempC: 90 }).map((one) => ({
      ...one,
      minerId: `${one.minerId}-b`,
    }));
    expect(findOutliers([...fleet(20), ...other])).toEqual([]);
    expect(findOutliers([...fleet(20), miner(100, { zoneId: 'zone-2', chipTempC: 90 })])).toEqual([]);
  });

  it('need enough peers, and miners that hash', () => {
    expect(findOutliers([...fleet(fewestPeers - 1), miner(100, { chipTempC: 99 })])).toEqual([]);
    expect(findOutliers([...fleet(fewestPeers), miner(100, { chipTempC: 99 })])).toHaveLength(1);
    expect(findOutliers([...fleet(20), miner(100, { chipTempC: 99, state: 'fault' })])).toEqual([]);
  });

  it('do not come of noise among twins, nor of missing figures', () => {
    expect(findOutliers([...fleet(20, { chipTempC: 70 }), miner(100, { chipTempC: 70.4 })])).toEqual([]);
    expect(findOutliers(fleet(20, { chipTempC: null, hashrateGhs: null, powerW: null }))).toEqual([]);
  });

  it('come the farthest first, each once, and never below the bound', () => {
    const temperatures = fc.array(fc.double({ min: 20, max: 120, noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(temperatures, (all) => {
        const found = findOutliers(
          all.map((chipTempC, at) => miner(at, { chipTempC, powerW: 3_000 + chipTempC })),
        );
        const sizes = found.map(({ deviation }) => Math.abs(deviation));
        expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
        expect(sizes.every((size) => size >= farFrom)).toBe(true);
        expect(new Set(found.map(({ miner: { minerId } }) => minerId)).size).toBe(found.length);
      }),
    );
  });
});

describe('the median', () => {
  it('has as many at or below it as at or above, and a spread that a few strays leave alone', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1 }), (values) => {
        const { median } = robustly(values);
        const half = values.length / 2;
        expect(values.filter((value) => value <= median).length).toBeGreaterThanOrEqual(half);
        expect(values.filter((value) => value >= median).length).toBeGreaterThanOrEqual(half);
      }),
    );
    const calm = Array.from({ length: 100 }, (_, at) => at % 10);
    expect(robustly([...calm, 1e6, -1e6]).spread).toBeCloseTo(robustly(calm).spread, 0);
    expect(medianOf([])).toBeNaN();
  });
});
