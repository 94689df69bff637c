import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexAt, layOut, placeOf, stepFrom } from './map-layout.ts';

const minersOf = (zones: readonly number[]) =>
  zones.flatMap((count, zone) =>
    Array.from({ length: count }, (_, at) => ({ id: `${zone}-${at}`, zoneId: `zone-${zone}` })),
  );
const sites = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 12 }).map(minersOf);
const widths = fc.integer({ min: 0, max: 2_000 });
const keys = fc.constantFrom('ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End');

describe('the layout of the site map', () => {
  it('gives every miner one square of its own, found again at any of its points', () => {
    fc.assert(
      fc.property(sites, widths, fc.nat(), (miners, width, seed) => {
        const layout = layOut(miners, width);
        expect(new Set(layout.miners)).toEqual(new Set(miners));
        const index = seed % miners.length;
        const place = placeOf(layout, index);
        expect(place && place.y + layout.side <= layout.height).toBe(true);
        for (const inside of [0, layout.side - 0.5])
          expect(indexAt(layout, (place?.x ?? 0) + inside, (place?.y ?? 0) + inside)).toBe(index);
      }),
    );
  });

  it('finds nobody above, beside or below the squares', () => {
    const layout = layOut(minersOf([3, 2]), 500);
    expect(indexAt(layout, 5, 2)).toBeUndefined();
    expect(indexAt(layout, -1, 25)).toBeUndefined();
    expect(indexAt(layout, 490, 25)).toBeUndefined();
    expect(indexAt(layout, 5, layout.height + 100)).toBeUndefined();
  });

  it('orders zones as people count, miners without a zone last', () => {
    const zones = ['zone-10', '', 'zone-9', 'zone-1'].map((zoneId) => ({ zoneId }));
    expect(layOut(zones, 500).bands.map(({ zoneId }) => zoneId)).toEqual(['zone-1', 'zone-9', 'zone-10', '']);
  });

  it('never walks off the map, and comes back by the opposite key within a row', () => {
    fc.assert(
      fc.property(sites, widths, fc.nat(), keys, (miners, width, seed, key) => {
        const layout = layOut(miners, width);
        const from = seed % miners.length;
        const to = stepFrom(layout, from, key) ?? -1;
        expect(to).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThan(miners.length);
        if (key === 'ArrowRight' && to !== from) expect(stepFrom(layout, to, 'ArrowLeft')).toBe(from);
        if (key === 'ArrowDown')
          expect(placeOf(layout, to)?.y).toBeGreaterThanOrEqual(placeOf(layout, from)?.y ?? 0);
        if (key === 'ArrowDown')
          expect(placeOf(layout, to)?.x).toBeLessThanOrEqual(placeOf(layout, from)?.x ?? 0);
      }),
    );
  });

  it('reaches every miner by ArrowDown and ArrowRight alone', () => {
    const layout = layOut(minersOf([5, 1, 7]), 64);
    const seen = new Set<number>();
    const walk = [0];
    for (let at = walk.pop(); at !== undefined; at = walk.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      for (const key of ['ArrowDown', 'ArrowRight']) walk.push(stepFrom(layout, at, key) ?? at);
    }
    expect(seen.size).toBe(13);
  });

  it('starts at the first miner and lets other keys pass', () => {
    const layout = layOut(minersOf([3]), 500);
    expect(stepFrom(layout, undefined, 'ArrowDown')).toBe(0);
    expect(stepFrom(layout, 1, 'Tab')).toBeUndefined();
    expect(stepFrom(layOut([], 500), undefined, 'ArrowDown')).toBeUndefined();
  });
});
