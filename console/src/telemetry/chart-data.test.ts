import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  along,
  extremesOf,
  gapsOf,
  instantsOf,
  perMinute,
  risePerMinute,
  riseSince,
  runningSum,
  usualStepMs,
} from './chart-data.ts';

const minute = 60_000;
const steps = fc.array(fc.integer({ min: 55_000, max: 65_000 }), { minLength: 3, maxLength: 60 });
const sumUp = (all: readonly number[]) => {
  let sum = 0;
  return [0, ...all].map((step) => {
    sum += step;
    return sum;
  });
};

describe('the instants of a chart', () => {
  it('are those of the answer where no sample is missing', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const at = sumUp(all);
        expect(instantsOf(at, minute).times).toEqual(at.map((ms) => ms / 1_000));
        expect(along(instantsOf(at, null), at)).toEqual(at);
      }),
    );
  });

  it('have one more, of which nothing is known, wherever samples are missing, and keep every value', () => {
    fc.assert(
      fc.property(steps, fc.nat(), fc.integer({ min: 3, max: 500 }), (all, seed, missing) => {
        const hole = seed % all.length;
        const at = sumUp(all.map((step, index) => (index === hole ? missing * minute : step)));
        const instants = instantsOf(at, minute);
        const values = along(instants, at);
        expect(values.filter((value) => value === null)).toHaveLength(1);
        expect(values.filter((value) => value !== null)).toEqual(at);
        expect(instants.times).toEqual(instants.times.toSorted((a, b) => a - b));
        expect(gapsOf(instants.times, [values])).toEqual([
          [(at[hole] ?? 0) / 1_000, (at[hole + 1] ?? 0) / 1_000],
        ]);
      }),
    );
  });

  it('are as far apart as most samples are', () => {
    expect(usualStepMs([0, 60, 120, 1_000, 1_060])).toBe(60);
    expect(usualStepMs([5])).toBe(0);
    expect(instantsOf([], null)).toEqual({ times: [], rows: [] });
  });
});

describe('gaps', () => {
  it.each([
    [
      'where all lines are silent',
      [
        [1, null, 3],
        [4, null, null],
      ],
      [[0, 20]],
    ],
    [
      'not where one still speaks',
      [
        [1, null, 3],
        [4, 5, null],
      ],
      [],
    ],
    ['not before the first and after the last', [[null, 2, null]], []],
    ['none of nothing', [[null, null, null]], []],
  ])('%s', (_, lines, gaps) => expect(gapsOf([0, 10, 20], lines)).toEqual(gaps));
});

describe('counters', () => {
  const at = Array.from({ length: 30 }, (_, row) => row * minute);

  it('rise evenly by their rate, once enough is known', () => {
    const rates = risePerMinute(
      at,
      at.map((_, row) => 100 + 4 * row),
      minute,
      5 * minute,
    );
    expect(rates.slice(0, 5)).toEqual([null, null, null, null, null]);
    expect(rates.slice(5).every((rate) => rate === 4)).toBe(true);
  });

  it('never show a rate across a restart or a gap', () => {
    const restarted = at.map((_, row) => (row < 12 ? 1_000 + row : row - 12));
    const rates = risePerMinute(at, restarted, minute, 3 * minute);
    expect(rates.slice(12, 15)).toEqual([null, null, null]);
    expect(rates.every((rate) => rate === null || rate === 1)).toBe(true);
    const late = at.map((ms, row) => (row < 12 ? ms : ms + 20 * minute));
    expect(
      risePerMinute(
        late,
        at.map((_, row) => row),
        minute,
        3 * minute,
      ).slice(12, 15),
    ).toEqual([null, null, null]);
  });

  it('sum up to their whole rise, which restarts do not take back', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 1 }), (rises) => {
        const counter = sumUp(rises);
        expect(riseSince(counter).at(-1)).toBe(counter.at(-1));
        expect(runningSum(rises).at(-1)).toBe(counter.at(-1));
      }),
    );
    expect(riseSince([5, 8, null, 2, 3])).toEqual([0, 3, null, 5, 6]);
    expect(perMinute([10, null], 5 * minute)).toEqual([2, null]);
  });
});

it('finds the least, the most and the newest of what is known', () => {
  expect(extremesOf([null, 3, -1, 2, null])).toEqual({ least: -1, most: 3, last: 2 });
  expect(extremesOf([null])).toBeUndefined();
});
