import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidScheduleError, parseSchedule } from './schedule-expression.ts';

const next = (expression: string, after: string, zone?: string) => {
  const atMs = parseSchedule(expression, Date.parse('2026-01-01T00:00:00Z'), zone).nextAfter(
    Date.parse(after),
  );
  return atMs === undefined ? undefined : new Date(atMs).toISOString().slice(0, 16);
};

test.each([
  ['rate(1 minute)', '2026-01-01T00:00:30Z', '2026-01-01T00:01'],
  ['rate(5 minutes)', '2026-01-01T00:05:00Z', '2026-01-01T00:10'],
  ['rate(1 day)', '2026-01-03T10:00:00Z', '2026-01-04T00:00'],
  ['cron(0 8 * * ? *)', '2026-01-01T08:00:00Z', '2026-01-02T08:00'],
  ['cron(0/15 * * * ? *)', '2026-01-01T08:31:00Z', '2026-01-01T08:45'],
  ['cron(10,20 9-17 ? * MON-FRI *)', '2026-01-02T17:20:00Z', '2026-01-05T09:10'],
  ['cron(0 0 L * ? *)', '2026-02-01T00:00:00Z', '2026-02-28T00:00'],
  ['cron(0 0 L FEB ? 2028)', '2026-02-01T00:00:00Z', '2028-02-29T00:00'],
  ['cron(0 0 15W * ? *)', '2026-02-01T00:00:00Z', '2026-02-16T00:00'],
  ['cron(0 0 1W AUG ? *)', '2026-02-01T00:00:00Z', '2026-08-03T00:00'],
  ['cron(0 0 LW MAY ? *)', '2026-02-01T00:00:00Z', '2026-05-29T00:00'],
  ['cron(0 0 ? * 6#3 *)', '2026-01-01T00:00:00Z', '2026-01-16T00:00'],
  ['cron(0 0 ? * FRIL *)', '2026-01-01T00:00:00Z', '2026-01-30T00:00'],
  ['cron(0 0 ? * L *)', '2026-01-01T00:00:00Z', '2026-01-03T00:00'],
  ['cron(0 0 ? * FRI-MON *)', '2026-01-05T00:00:00Z', '2026-01-09T00:00'],
  ['cron(0 0 1 1 ? 2027-2030/2)', '2027-06-01T00:00:00Z', '2029-01-01T00:00'],
  ['cron(0 0 1 1 ? 2025)', '2026-01-01T00:00:00Z', undefined],
  ['at(2026-03-01T10:00:00)', '2026-01-01T00:00:00Z', '2026-03-01T10:00'],
  ['at(2026-03-01T10:00:00)', '2026-03-01T10:00:00Z', undefined],
])('%s after %s', (expression, after, expected) => {
  expect(next(expression, after)).toBe(expected);
});

test('a time zone keeps its local time over a change of the clocks, and leaves out an hour that does not exist', () => {
  expect(next('cron(0 8 * * ? *)', '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T06:00');
  expect(next('cron(0 8 * * ? *)', '2026-03-28T00:00:00Z', 'Europe/Berlin')).toBe('2026-03-28T07:00');
  expect(next('cron(30 2 29 3 ? 2026)', '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBeUndefined();
  expect(next('at(2026-07-01T10:00:00)', '2026-01-01T00:00:00Z', 'Asia/Shanghai')).toBe('2026-07-01T02:00');
});

test.each([
  'every minute',
  'rate(0 minutes)',
  'rate(1 minutes)',
  'rate(5 minute)',
  'cron(* * * * *)',
  'cron(60 * * * ? *)',
  'cron(0 0 * * * *)',
  'cron(0 0 ? * MON#6 *)',
  'cron(0/0 * * * ? *)',
  'at(tomorrow)',
])('refuses %s', (expression) => {
  expect(() => parseSchedule(expression, 0)).toThrow(InvalidScheduleError);
});

test('the next time is later, and there is none between', () => {
  const expressions = fc.constantFrom(
    'rate(7 minutes)',
    'cron(5/20 3,4 ? * TUE *)',
    'cron(0 12 L * ? *)',
    'cron(0/30 * 3W * ? *)',
  );
  const moments = fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2030-01-01') });
  fc.assert(
    fc.property(
      expressions,
      moments,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (expression, afterMs, share) => {
        const schedule = parseSchedule(expression, 0);
        const atMs = schedule.nextAfter(afterMs) ?? 0;
        expect(atMs).toBeGreaterThan(afterMs);
        expect(schedule.nextAfter(Math.floor(afterMs + (atMs - afterMs) * share))).toBe(atMs);
      },
    ),
    { numRuns: 200 },
  );
});
