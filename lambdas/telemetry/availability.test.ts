import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classOf, joinOutages, noOutages, outagesOf, windowClasses } from './availability.ts';

const stretch = fc.array(fc.constantFrom(...windowClasses), { maxLength: 40 });

describe('availability', () => {
  it('judges a window by those samples that were to hash', () => {
    expect(classOf(0, 0, 0)).toBe('unknown');
    expect(classOf(5, 0, 5)).toBe('planned');
    expect(classOf(5, 1, 3)).toBe('up');
    expect(classOf(5, 5, 0)).toBe('up');
    expect(classOf(5, 2, 0)).toBe('down');
    expect(classOf(5, 0, 4)).toBe('down');
  });

  it('counts an outage until the next window that is up, through what is planned or unknown', () => {
    expect(outagesOf(['up', 'down', 'down', 'unknown', 'down', 'planned', 'up', 'down', 'up'])).toEqual({
      up: 3,
      down: 4,
      planned: 1,
      unknown: 1,
      outages: 2,
      longest: 3,
      opening: 0,
      closing: 0,
    });
  });

  it('says of joined stretches what it says of the whole', () => {
    fc.assert(
      fc.property(stretch, stretch, stretch, (a, b, c) => {
        const whole = outagesOf([...a, ...b, ...c]);
        const [x, y, z] = [a, b, c].map(outagesOf) as [typeof whole, typeof whole, typeof whole];
        expect(joinOutages(joinOutages(x, y), z)).toEqual(whole);
        expect(joinOutages(x, joinOutages(y, z))).toEqual(whole);
        expect(joinOutages(noOutages, whole)).toEqual(whole);
        expect(joinOutages(whole, noOutages)).toEqual(whole);
      }),
    );
  });
});
