import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantile, spreadOf } from './quantiles.ts';

describe('quantiles', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it('take the nearest rank', () => {
    expect([0, 0.5, 0.99, 1].map((share) => quantile(hundred, share))).toEqual([1, 50, 99, 100]);
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('are measured values that enough others do not exceed', () => {
    const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
        const found = quantile(list, share);
        expect(list).toContain(found);
        expect(list.filter((value) => value <= found).length).toBeGreaterThanOrEqual(share * list.length);
      }),
    );
  });

  it('spread to a tenth', () => {
    expect(spreadOf([1.04, 2.26])).toEqual({ n: 2, p50: 1, p99: 2.3, max: 2.3 });
  });
});
