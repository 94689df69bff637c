import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatsOf, span } from './format.ts';

describe('spans', () => {
  it.each([
    [0, '0 ms'],
    [840.4, '840 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [3_249, '3.2 s'],
    [119_900, '119.9 s'],
    [120_000, '2 min'],
    [7_199_000, '120 min'],
    [7_200_000, '2.0 h'],
  ])('says %d ms as %s', (ms, text) => expect(span(ms)).toBe(text));

  it('never is more than a quarter off what it says', () => {
    const unitMs: Record<string, number> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 10 ** 9 }), (ms) => {
        const [value, unit = ''] = span(ms).split(' ');
        expect(Math.abs(Number(value) * (unitMs[unit] ?? 0) - ms)).toBeLessThanOrEqual(ms / 4);
      }),
    );
  });
});

describe('figures', () => {
  const { number, percent } = formatsOf('en');
  it.each([
    [number(null), '–'],
    [number(undefined, 2, 'W'), '–'],
    [number(0, 0, 'W'), '0 W'],
    [number(3_233.4, 0, 'W'), '3,233 W'],
    [number(17.25, 1, 'J/TH'), '17.3 J/TH'],
    [percent(0.934), '93%'],
  ])('writes %s', (text, expected) => expect(text).toBe(expected));
});

describe('times', () => {
  const now = new Date('2026-03-05T12:00:00Z');
  it('leaves out the date of today only', () => {
    const { time } = formatsOf('en');
    const today = time(now.toISOString(), now);
    expect(today).toMatch(/^\d{2}:00:00$/);
    expect(time('2026-03-01T12:00:00Z', now)).toMatch(/^01\/03\/2026, \d{2}:00:00$/);
    expect(time(null, now)).toBe('–');
  });
  it('writes Chinese dates in their order', () =>
    expect(formatsOf('zh').time('2026-03-01T12:00:00Z', now)).toMatch(/^2026\/3\/1 \d{2}:00:00$/));
});
