import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fault, type FaultInput, fault as faultSchema } from '../faults.ts';
import { type ActiveFault, conditionsOf } from './conditions.ts';
import { boardHeatJPerK } from './cooling.ts';
import { coldMiner, type MinerState, warmMiner } from './miner-state.ts';
import { modelNamed, modelNames } from './models.ts';
import { boardPowerW, fractionForPower, maxFraction, minFraction } from './power.ts';
import { randomFrom } from './random.ts';
import { type Orders, stepMiner } from './step-miner.ts';

const full: Orders = { hashing: true, fraction: 1, pools: 3 };
const since = (faults: readonly FaultInput[], sinceS = 0): ActiveFault[] =>
  faults.map((input) => ({ fault: faultSchema.parse(input), sinceS }));
const anyModel = fc.constantFrom(...modelNames).map(modelNamed);

const run = (
  state: MinerState,
  seconds: number,
  options: {
    model: ReturnType<typeof modelNamed>;
    orders?: Orders;
    faults?: ActiveFault[];
    airC?: number;
    seed?: number;
  },
) => {
  const random = randomFrom(options.seed ?? 1);
  const conditions = conditionsOf(options.model, options.faults ?? []);
  for (let step = 0; step < seconds; step++)
    stepMiner(options.model, state, conditions, options.orders ?? full, options.airC ?? 27, random);
  return state;
};

const numbersIn = (value: unknown): number[] =>
  typeof value === 'number'
    ? [value]
    : value && typeof value === 'object'
      ? Object.values(value).flatMap(numbersIn)
      : [];

const physicalFault = fc.oneof(
  fc.record({ kind: fc.constant('dead_fan' as const), fan: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    kind: fc.constant('dust' as const),
    severity: fc.double({ min: 0, max: 1, noNaN: true }),
    overS: fc.nat(900),
  }),
  fc.record({
    kind: fc.constant('dead_board' as const),
    board: fc.integer({ min: 1, max: 3 }),
    recoverable: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('hot_aisle' as const), riseC: fc.double({ min: 0, max: 60, noNaN: true }) }),
  fc.constant<Fault>({ kind: 'bad_psu' }),
  fc.constant<Fault>({ kind: 'hang' }),
);

describe('a healthy miner', () => {
  it.each(modelNames)('%s runs at its nameplate within 3 %% and holds its target temperature', (name) => {
    const model = modelNamed(name);
    const state = run(warmMiner(model, 27, randomFrom(3), 3), 900, { model });
    expect(state.phase).toBe('hashing');
    expect(Math.abs(state.hashrateThs / model.hashrateThs - 1)).toBeLessThan(0.04);
    expect(Math.abs(state.powerW / model.powerW - 1)).toBeLessThan(0.03);
    expect(Math.abs(state.hottestC - model.targetChipC)).toBeLessThan(1.5);
  });

  it('is in balance from its first second: no false alarm while it settles', () => {
    fc.assert(
      fc.property(
        anyModel,
        fc.double({ min: 18, max: 34, noNaN: true }),
        fc.nat(1000),
        (model, airC, seed) => {
          const state = warmMiner(model, airC, randomFrom(seed), 3);
          for (let second = 0; second < 300; second++) {
            run(state, 1, { model, airC, seed: seed + second });
            expect(state.hottestC).toBeLessThan(80);
            expect(state.hashrateThs / model.hashrateThs).toBeGreaterThan(0.93);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it.each(modelNames)('%s boots from cold to full speed in one to three minutes', (name) => {
    const model = modelNamed(name);
    const state = coldMiner(model);
    let seconds = 0;
    while (state.phase !== 'hashing' && seconds < 600) {
      run(state, 1, { model, seed: seconds });
      seconds++;
    }
    expect(seconds).toBeGreaterThan(40);
    expect(seconds).toBeLessThan(180);
    expect(state.powerW).toBeGreaterThan(model.powerW * 0.8);
  });
});

describe('bounds', () => {
  it('keeps every number finite and every temperature possible under any faults and orders', () => {
    fc.assert(
      fc.property(
        anyModel,
        fc.array(physicalFault, { maxLength: 4 }),
        fc.double({ min: -10, max: 45, noNaN: true }),
        fc.array(
          fc.record({
            hashing: fc.boolean(),
            fraction: fc.double({ min: minFraction, max: maxFraction, noNaN: true }),
            pools: fc.nat(3),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        (model, faults, airC, plans) => {
          const state = warmMiner(model, airC, randomFrom(5), 3);
          for (const orders of plans) {
            run(state, 200, { model, orders, airC, faults: since(faults) });
            for (const number of numbersIn({ ...state, psuTripAtS: 0 }))
              expect(Number.isFinite(number)).toBe(true);
            for (const board of state.boards) {
              expect(board.tempC).toBeGreaterThanOrEqual(airC - 60);
              expect(board.hottestChipC).toBeLessThan(150);
              expect(board.hashrateThs).toBeGreaterThanOrEqual(0);
            }
            expect(state.powerW).toBeGreaterThan(0);
            expect(state.powerW).toBeLessThan(2 * model.powerW);
            expect(state.dutyPct).toBeLessThanOrEqual(100);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('energy', () => {
  it('is conserved in the boards: what they draw either warms them or leaves with the air', () => {
    fc.assert(
      fc.property(anyModel, fc.array(physicalFault, { maxLength: 3 }), fc.nat(100), (model, faults, seed) => {
        const state = warmMiner(model, 27, randomFrom(seed), 3);
        const before = state.boards.reduce((sum, board) => sum + board.tempC, 0);
        let drawnJ = 0;
        let leftJ = 0;
        for (let second = 0; second < 300; second++) {
          run(state, 1, { model, faults: since(faults), seed: seed + second });
          const boardsW = state.boards.reduce((sum, board) => sum + board.powerW, 0);
          drawnJ += boardsW;
          leftJ += state.heatToAirW - (state.powerW - boardsW);
        }
        const storedJ =
          (state.boards.reduce((sum, board) => sum + board.tempC, 0) - before) * boardHeatJPerK(model);
        expect(Math.abs(drawnJ - leftJ - storedJ)).toBeLessThan(1);
      }),
      { numRuns: 30 },
    );
  });

  it('metered is the power over time', () => {
    const model = modelNamed('Antminer S21');
    const state = warmMiner(model, 27, randomFrom(1), 3);
    run(state, 3600, { model });
    expect(state.energyKwh).toBeGreaterThan(3.4);
    expect(state.energyKwh).toBeLessThan(3.6);
  });
});

describe('monotonicity', () => {
  it('more frequency or more heat never takes less power', () => {
    fc.assert(
      fc.property(
        anyModel,
        fc.double({ min: minFraction, max: maxFraction, noNaN: true }),
        fc.double({ min: 0, max: 0.2, noNaN: true }),
        fc.double({ min: 0, max: 110, noNaN: true }),
        (model, fraction, more, tempC) => {
          expect(boardPowerW(model, fraction + more, tempC)).toBeGreaterThanOrEqual(
            boardPowerW(model, fraction, tempC),
          );
          expect(boardPowerW(model, fraction, tempC + more * 50)).toBeGreaterThanOrEqual(
            boardPowerW(model, fraction, tempC),
          );
        },
      ),
    );
  });

  it('warmer air never makes a cooler chip, and takes more fan', () => {
    fc.assert(
      fc.property(
        anyModel,
        fc.integer({ min: 10, max: 40 }),
        fc.integer({ min: 1, max: 15 }),
        (model, airC, warmer) => {
          const cool = run(warmMiner(model, airC, randomFrom(2), 3), 600, { model, airC });
          const warm = run(warmMiner(model, airC + warmer, randomFrom(2), 3), 600, {
            model,
            airC: airC + warmer,
          });
          // Who stops because it is too hot cools down, and does so in the warmer air first.
          if (cool.phase === 'tripped') expect(warm.phase).toBe('tripped');
          if (warm.phase === 'tripped') return;
          expect(warm.hottestC).toBeGreaterThan(cool.hottestC - 0.1);
          expect(warm.dutyPct).toBeGreaterThanOrEqual(cool.dutyPct - 0.1);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('a power limit is kept', () => {
    fc.assert(
      fc.property(anyModel, fc.double({ min: 0.6, max: 0.95, noNaN: true }), (model, share) => {
        const orders = { ...full, fraction: fractionForPower(model, model.powerW * share) };
        const state = run(warmMiner(model, 27, randomFrom(2), 3), 900, { model, orders });
        expect(state.powerW).toBeLessThan(model.powerW * share * 1.02);
        expect(state.powerW).toBeGreaterThan(model.powerW * share * 0.9);
      }),
      { numRuns: 20 },
    );
  });
});

it('is repeatable: equal seeds give equal miners', () => {
  const model = modelNamed('Whatsminer M60');
  const one = run(warmMiner(model, 27, randomFrom(9), 3), 500, { model, seed: 4 });
  const two = run(warmMiner(model, 27, randomFrom(9), 3), 500, { model, seed: 4 });
  expect(one).toEqual(two);
  const other = run(warmMiner(model, 27, randomFrom(9), 3), 500, { model, seed: 5 });
  expect(other.pools).not.toEqual(one.pools);
});
