import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { malformedPatterns, patternCases } from './event-pattern.cases.ts';
import { compilePattern, InvalidPatternError } from './event-pattern.ts';

test.each(patternCases)('%s', (_title, pattern, event, expected) => {
  expect(compilePattern(pattern)(event)).toBe(expected);
});

test.each(malformedPatterns.map((pattern) => [JSON.stringify(pattern), pattern]))(
  'refuses %s',
  (_text, pattern) => {
    expect(() => compilePattern(pattern)).toThrow(InvalidPatternError);
  },
);

describe('for every text', () => {
  const detail = (value: unknown) => ({ detail: { x: value } });
  const matches = (test: unknown, value: unknown) => compilePattern(detail([test]))(detail(value));
  const text = fc.string({ minLength: 1, unit: fc.constantFrom('a', 'B', '.', '*', '\\', '(', '中') });

  test('anything-but is the opposite of the same test', () => {
    fc.assert(
      fc.property(
        text,
        text,
        fc.constantFrom('prefix', 'suffix', 'equals-ignore-case'),
        (wanted, value, operator) => {
          expect(matches({ 'anything-but': { [operator]: wanted } }, value)).toBe(
            !matches({ [operator]: wanted }, value),
          );
        },
      ),
    );
  });
  test('a wildcard of escaped text matches that text alone', () => {
    fc.assert(
      fc.property(text, text, (wanted, value) => {
        const wildcard = wanted.replace(/[\\*]/g, '\\$&');
        expect(matches({ wildcard }, value)).toBe(value === wanted);
      }),
    );
  });
  test('prefix, suffix and a wildcard around a star agree', () => {
    fc.assert(
      fc.property(text, text, text, (head, middle, tail) => {
        const quoted = [head, tail].map((part) => part.replace(/[\\*]/g, '\\$&'));
        const value = head + middle + tail;
        expect([
          matches({ prefix: head }, value),
          matches({ suffix: tail }, value),
          matches({ wildcard: quoted.join('*') }, value),
        ]).toEqual([true, true, true]);
      }),
    );
  });
  test('numeric agrees with the language', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (bound, value) => {
        const named = ['<', '<=', '=', '>=', '>'].map((operator) =>
          matches({ numeric: [operator, bound] }, value),
        );
        expect(named).toEqual([
          value < bound,
          value <= bound,
          value === bound,
          value >= bound,
          value > bound,
        ]);
      }),
    );
  });
  test('an event matches the pattern made of its own values, and not when one differs', () => {
    const flat = fc.dictionary(fc.constantFrom('a', 'b', 'c'), text, { minKeys: 1 });
    fc.assert(
      fc.property(flat, (event) => {
        const pattern = Object.fromEntries(Object.entries(event).map(([name, value]) => [name, [value]]));
        const [first = ''] = Object.keys(event);
        expect(compilePattern(pattern)(event)).toBe(true);
        expect(compilePattern(pattern)({ ...event, [first]: `${event[first]}x` })).toBe(false);
      }),
    );
  });
});
