import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonOf, numbersText } from './json-text.ts';

describe('columns of numbers as text', () => {
  it('are the numbers that they say, with null for NaN', () => {
    const whole = fc.oneof(
      fc.integer({ min: -200, max: 200 }),
      fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
      fc.constant(Number.NaN),
      fc.integer({ min: -9_000, max: 9_000 }).map((value) => value * 1_000_000),
    );
    fc.assert(
      fc.property(fc.array(whole), fc.integer({ min: 0, max: 7 }), (values, decimals) => {
        const text = jsonOf(numbersText(Float64Array.from(values), decimals));
        expect(JSON.parse(text)).toEqual(
          values.map((value) => (Number.isNaN(value) ? null : Number(`${value}e-${decimals}`) + 0)),
        );
      }),
    );
  });

  it('stand within objects as their other members do', () => {
    const text = numbersText(Float64Array.of(1250, Number.NaN), 2);
    const value = { a: 1, b: { c: text, none: undefined, list: [{ d: 'é"' }] }, e: null };
    expect(jsonOf(value)).toBe('{"a":1,"b":{"c":[12.5,null],"list":[{"d":"é\\""}]},"e":null}');
  });
});
