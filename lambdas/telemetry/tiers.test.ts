import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MinerReading } from '../../contracts/reading.ts';
import { applyBatch } from './apply-batch.ts';
import { dayFrom } from './daily-block.ts';
import { addBatches, emptyHistory, type NamedBatch, scaleOf } from './history-block.ts';
import { emptyBlock, slidingMean } from './live-block.ts';
import { s19 } from './test-batches.ts';
import { windowMs } from './windows.ts';

const startMs = Date.parse('2026-11-21T12:00:00.000Z');
const reading = fc.record({
  minerId: fc.constantFrom('m-1', 'm-2', 'm-3'),
  sampledAtMs: fc.integer({ min: startMs, max: startMs + 900_000 }),
  state: fc.constantFrom('hashing', 'idle', 'stopped' as const),
  values: fc.record(
    {
      hashrateThs: fc.integer({ min: 0, max: 200_000_000 }).map((value) => value / 1e6),
      powerW: fc.integer({ min: 0, max: 500_000 }).map((value) => value / 100),
      acceptedShares: fc.nat(10_000),
    },
    { requiredKeys: [] },
  ),
});
const batches: fc.Arbitrary<NamedBatch[]> = fc
  .array(fc.array(reading, { minLength: 1, maxLength: 12 }), { maxLength: 10 })
  .map((all) => all.map((readings, index) => ({ name: `${index + 1}.0`, readings })));
/** The same batches in another order, some of them delivered again. */
const shuffled = batches.chain((all) =>
  fc.tuple(
    fc.constant(all),
    fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2, maxLength: all.length * 2 }),
  ),
);

describe('the tiers', () => {
  it('hold the same five-minute block and day whatever the order, grouping and repetition', () => {
    fc.assert(
      fc.property(shuffled, fc.nat(20), ([all, again], cut) => {
        const straight = addBatches(emptyHistory, all);
        const other = addBatches(addBatches(emptyHistory, again.slice(0, cut)), again.slice(cut));
        expect(other).toEqual(straight);
        expect(dayFrom([other])).toEqual(dayFrom([straight]));
      }),
    );
  });

  it('hold the same latest readings and sliding means whatever the order', () => {
    const live = (all: readonly NamedBatch[]) => {
      const block = all.reduce(
        (before, { readings }) => applyBatch(before, readings, startMs, () => s19).block,
        emptyBlock(1, 'gw', 0),
      );
      return [...block.miners]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([id, miner]) => [id, miner.reading, slidingMean(miner.slices)]);
    };
    fc.assert(
      fc.property(batches, (all) => {
        expect(live(all.toReversed())).toEqual(live(all));
      }),
    );
  });

  it('have the plain mean, minimum, maximum and count of what was sent', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const block = addBatches(emptyHistory, all);
        for (const [minerId, { gauges }] of Object.entries(block.miners)) {
          const sent = all
            .flatMap(({ readings }) => readings)
            .flatMap((one) => (one.minerId === minerId ? (one.values.powerW ?? []) : []));
          const [count, sum, min, max] = gauges.powerW ?? [0, 0, 0, 0];
          expect(count).toBe(sent.length);
          if (count === 0) continue;
          expect(sum / scaleOf('powerW')).toBeCloseTo(
            sent.reduce((total, value) => total + value, 0),
            4,
          );
          expect([min / 100, max / 100]).toEqual([Math.min(...sent), Math.max(...sent)]);
        }
      }),
    );
  });

  it('count shares over a restart, and energy only where there was power', () => {
    const at = (minute: number, acceptedShares: number, powerW: number): MinerReading => ({
      minerId: 'm-1',
      sampledAtMs: startMs + minute * 60_000,
      state: powerW > 1_000 ? 'hashing' : 'stopped',
      values: { acceptedShares, powerW, chipTempC: 60 + minute },
    });
    const windows = [
      [at(0, 100, 3_000), at(3, 160, 3_000)],
      [at(5, 200, 3_000), at(8, 5, 3_000)],
      [at(11, 25, 0)],
    ];
    const blocks = windows.map((readings, index) =>
      addBatches(emptyHistory, [{ name: `${index}`, readings }]),
    );
    expect(dayFrom(blocks)['m-1']).toMatchObject({
      acceptedShares: 60 + 40 + 5 + 20,
      energyKwh: (2 * 3_000 * windowMs) / 3_600_000 / 1_000,
      availabilityPct: 66.67,
      minChipTempC: 60,
      maxChipTempC: 71,
    });
  });
});
