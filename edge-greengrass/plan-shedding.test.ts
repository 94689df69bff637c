import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Draw, inSheddingOrder, planRestoring, planShedding } from './plan-shedding.ts';

const draw = (minerId: string, powerW: number, hashrateThs?: number, shedOrder = 100): Draw => ({
  minerId,
  powerW,
  hashrateThs,
  shedOrder,
});
const ids = (draws: readonly Draw[]) => draws.map(({ minerId }) => minerId);
const sumOf = (draws: readonly Draw[]) => draws.reduce((sum, { powerW }) => sum + powerW, 0);

it('goes by the site’s order, then by efficiency, then by power', () => {
  const draws = [
    draw('good', 3_000, 200),
    draw('bad', 3_000, 90),
    draw('dead', 1_000),
    draw('vip', 4_000, 50, 500),
    draw('first', 2_000, 300, 1),
    draw('bad-too', 6_000, 180),
  ];
  expect(ids(inSheddingOrder(draws))).toEqual(['first', 'dead', 'bad-too', 'bad', 'good', 'vip']);
  expect(ids(planShedding(draws, 19_000, 12_000))).toEqual(['first', 'dead', 'bad-too']);
  expect(ids(planShedding(draws, 19_000, 0))).toHaveLength(6);
  expect(planShedding(draws, 10_000, 10_000)).toEqual([]);
});

const draws = fc.uniqueArray(
  fc.record({
    minerId: fc.string({ minLength: 1, maxLength: 4 }),
    powerW: fc.integer({ min: 0, max: 5_000 }),
    hashrateThs: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
    shedOrder: fc.integer({ min: 0, max: 3 }),
  }),
  { selector: ({ minerId }) => minerId, maxLength: 40 },
);

it('stops enough and none too many, and brings back no more than fits', () => {
  fc.assert(
    fc.property(draws, fc.integer({ min: 0, max: 100_000 }), (all, targetW) => {
      const totalW = sumOf(all);
      const shed = planShedding(all, totalW, targetW);
      const restW = totalW - sumOf(shed);
      expect(restW <= targetW || ids(shed).length === all.filter(({ powerW }) => powerW > 0).length).toBe(
        true,
      );
      const last = shed.at(-1);
      if (last) expect(restW + last.powerW).toBeGreaterThan(targetW);
      const back = planRestoring(shed, restW, targetW);
      expect(restW + sumOf(back) <= targetW || back.length === 0).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
