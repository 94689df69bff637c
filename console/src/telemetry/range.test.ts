import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fitted,
  keyMove,
  linkOfRange,
  longestMs,
  moved,
  presets,
  rangeOfLink,
  type Span,
  shortestMs,
  spanOf,
  type TimeRange,
  zoomed,
} from './range.ts';

const nowMs = Date.parse('2026-11-21T14:00:00Z');
const span: fc.Arbitrary<Span> = fc
  .record({
    ago: fc.integer({ min: 0, max: longestMs }),
    length: fc.integer({ min: shortestMs, max: longestMs }),
  })
  .map(({ ago, length }) => fitted({ fromMs: nowMs - ago - length, toMs: nowMs - ago }, nowMs));
const lengthOf = ({ fromMs, toMs }: Span) => toMs - fromMs;
const parse = (range: TimeRange) =>
  rangeOfLink(
    new URLSearchParams(
      Object.entries(linkOfRange(range)).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, value]],
      ),
    ),
  );

describe('a range in a link', () => {
  it('comes back as it was, a preset or two instants', () => {
    for (const preset of presets) expect(parse({ preset })).toEqual({ preset });
    fc.assert(
      fc.property(span, (range) => {
        expect(parse(range)).toEqual(range);
      }),
    );
  });

  it.each([
    ['', '24h'],
    ['range=2h', '24h'],
    ['range=90d&from=2026-01-01T00:00:00Z', '90d'],
    ['from=2026-01-01T00:00:00Z', '24h'],
    ['from=yesterday&to=today', '24h'],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', '24h'],
    ['from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z', '24h'],
  ])('%o is read as %s', (link, preset) =>
    expect(rangeOfLink(new URLSearchParams(link))).toEqual({ preset }),
  );

  it('says nothing for the usual day, and ends a preset now', () => {
    expect(Object.values(linkOfRange({ preset: '24h' })).filter(Boolean)).toEqual([]);
    expect(spanOf({ preset: '1h' }, nowMs)).toEqual({ fromMs: nowMs - 3_600_000, toMs: nowMs });
  });
});

describe('zooming and moving', () => {
  it('stays within what is kept, not beyond now, in whole seconds, whatever is asked', () => {
    const asked = fc.record({
      fromMs: fc.integer({ min: nowMs - 3 * longestMs, max: nowMs + longestMs }),
      toMs: fc.integer({ min: nowMs - 3 * longestMs, max: nowMs + longestMs }),
    });
    fc.assert(
      fc.property(asked, (wish) => {
        const got = fitted(wish, nowMs);
        expect(got.toMs).toBeLessThanOrEqual(nowMs);
        expect(got.fromMs).toBeGreaterThanOrEqual(nowMs - longestMs);
        expect(lengthOf(got)).toBeGreaterThanOrEqual(shortestMs);
        expect(got.fromMs % 1_000).toBe(0);
      }),
    );
  });

  it('holds the instant under the cursor in its place, away from the limits', () => {
    const week: Span = { fromMs: nowMs - 60 * 86_400_000, toMs: nowMs - 53 * 86_400_000 };
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
        const at = week.fromMs + share * lengthOf(week);
        const close = zoomed(week, 0.5, nowMs, at);
        expect(lengthOf(close)).toBe(lengthOf(week) / 2);
        expect(Math.abs(close.fromMs + share * lengthOf(close) - at)).toBeLessThanOrEqual(1_000);
      }),
    );
  });

  it('moves by a part of the length and keeps it', () => {
    fc.assert(
      fc.property(span, fc.constantFrom(-0.5, -0.25, 0.25, 0.5), (from, share) => {
        const to = moved(from, share, nowMs);
        expect(lengthOf(to)).toBe(lengthOf(from));
        if (share < 0) expect(to.fromMs).toBeLessThanOrEqual(from.fromMs);
        else expect(to.fromMs).toBeGreaterThanOrEqual(from.fromMs);
      }),
    );
  });

  it('comes down to the shortest and up to the longest by keys alone, and never gets stuck between', () => {
    let at: Span = { fromMs: nowMs - 86_400_000, toMs: nowMs };
    const press = (key: string, times: number) => {
      for (let count = 0; count < times; count++) {
        const next = keyMove(key, at, nowMs);
        if (next && next !== 'reset') at = next;
      }
    };
    press('+', 30);
    expect(lengthOf(at)).toBe(shortestMs);
    press('-', 30);
    expect(lengthOf(at)).toBe(longestMs);
    expect(at.toMs).toBe(nowMs);
  });

  it('resets by 0 and Escape, and lets other keys pass', () => {
    const day = spanOf({ preset: '24h' }, nowMs);
    expect(keyMove('0', day, nowMs)).toBe('reset');
    expect(keyMove('Escape', day, nowMs)).toBe('reset');
    expect(keyMove('Tab', day, nowMs)).toBeUndefined();
    expect(keyMove('ArrowDown', day, nowMs)).toBeUndefined();
  });
});
