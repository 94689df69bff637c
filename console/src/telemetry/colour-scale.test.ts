import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LiveMiner } from '../pages/live-fleet.ts';
import {
  type ColourScale,
  colourOf,
  isCrossed,
  noFigure,
  notHashing,
  rampStops,
  roundEnds,
  scaleFor,
  stateColours,
} from './colour-scale.ts';

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
const temp = scaleFor([], 'temp');
const hashrate = scaleFor([], 'hashrate');
const state = scaleFor([], 'state');
const power: ColourScale = { by: 'power', ends: [3_000, 4_000] };

describe('colours', () => {
  it.each([
    [temp, { chipTempC: 20 }, rampStops[0]],
    [temp, { chipTempC: 72.5 }, rampStops[2]],
    [temp, { chipTempC: 120 }, rampStops[4]],
    [hashrate, { hashrateGhs: 210_000 }, rampStops[0]],
    [hashrate, { hashrateGhs: 150_000 }, rampStops[2]],
    [hashrate, { hashrateGhs: 0 }, rampStops[4]],
    [power, { powerW: 3_500 }, rampStops[2]],
    [state, { chipTempC: 120 }, stateColours.hashing],
    [state, { state: 'fault' }, stateColours.fault],
    [temp, { state: 'fault', chipTempC: 60 }, notHashing],
    [hashrate, { state: 'stopped' }, notHashing],
    [temp, { chipTempC: null }, noFigure],
    [hashrate, { expectedHashrateGhs: null }, noFigure],
  ] as const)('by %o: %o is %s', (scale, change, colour) => {
    expect(colourOf({ ...one, ...change }, scale)).toBe(colour);
  });

  it('cross those who need somebody, whatever the figure', () => {
    expect(isCrossed({ state: 'fault' }) && isCrossed({ state: 'unreachable' })).toBe(true);
    expect(isCrossed({ state: 'hashing' }) || isCrossed({ state: 'stopped' })).toBe(false);
  });
});

describe('scales', () => {
  it('span what most of the hashing miners have, in round figures', () => {
    const miners = Array.from({ length: 100 }, (_, at) => ({ ...one, powerW: 3_210 + at }));
    const strays = [
      { ...one, powerW: 9_000 },
      { ...one, powerW: 12, state: 'stopped' as const },
    ];
    expect(scaleFor([...miners, ...strays], 'power').ends).toEqual([3_210, 3_310]);
    expect(scaleFor([], 'power').ends).toEqual([0, 1]);
  });

  it('never are without width and always hold both ends', () => {
    const value = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(value, value, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const [from, to] = roundEnds(low, high);
        expect(to).toBeGreaterThan(from);
        expect(from).toBeLessThanOrEqual(low + 1e-6);
        expect(to).toBeGreaterThanOrEqual(high - 1e-6);
      }),
    );
  });
});

type Triple = readonly [number, number, number];
/** How eyes without one kind of cone see linear light (Machado, Oliveira, Fernandes 2009, full severity). */
const eyes: Record<string, readonly Triple[]> = {
  'all cones': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  'no red cones': [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  'no green cones': [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  'no blue cones': [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const linear = (colour: string, at: number) => {
  const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};
const labOf = (colour: string, eye: readonly Triple[]): Triple => {
  const light = [linear(colour, 1), linear(colour, 3), linear(colour, 5)] as const;
  const [r = 0, g = 0, b = 0] = eye.map((row) =>
    Math.min(1, Math.max(0, row[0] * light[0] + row[1] * light[1] + row[2] * light[2])),
  );
  const root = (value: number) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  const [x, y, z] = [
    root((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047),
    root(0.2126 * r + 0.7152 * g + 0.0722 * b),
    root((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883),
  ];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
};
const apart = (a: Triple, b: Triple) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

describe.each(Object.entries(eyes))('to eyes with %s', (_, eye) => {
  const least = (colours: readonly string[]) =>
    Math.min(
      ...colours.flatMap((a, at) => colours.slice(at + 1).map((b) => apart(labOf(a, eye), labOf(b, eye)))),
    );
  it('the stops of the ramp, and the greys beside it, are well apart', () =>
    expect(least([...rampStops, notHashing, noFigure])).toBeGreaterThan(15));
  it('the states are well apart', () => expect(least(Object.values(stateColours))).toBeGreaterThan(15));
});
