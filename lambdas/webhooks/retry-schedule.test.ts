import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nextDelayMs, retryDelaysMs } from './retry-schedule.ts';

const never = () => 0;
const hours = 3_600_000;

it('is the schedule of Standard Webhooks: ten attempts, the last after 75 h 35 min 5 s', () => {
  let atMs = 0;
  const starts = retryDelaysMs.map((_, made) => {
    atMs += nextDelayMs(made, {}, never) ?? Number.NaN;
    return new Date(atMs).toISOString().slice(8, 19);
  });
  expect(starts).toEqual([
    '01T00:00:00',
    '01T00:00:05',
    '01T00:05:05',
    '01T00:35:05',
    '01T02:35:05',
    '01T07:35:05',
    '01T17:35:05',
    '02T07:35:05',
    '03T03:35:05',
    '04T03:35:05',
  ]);
  expect(nextDelayMs(10, {}, never)).toBeUndefined();
});

it('never comes earlier than planned or asked for, nor more than a tenth or a day later', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 9 }),
      fc.option(fc.integer({ min: 0, max: 100 * hours }), { nil: undefined }),
      fc.integer({ min: 100, max: 599 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (made, retryAfterMs, statusCode, chance) => {
        const planned = retryDelaysMs[made] ?? 0;
        const answer = { statusCode, ...(retryAfterMs !== undefined && { retryAfterMs }) };
        const delayMs = nextDelayMs(made, answer, () => chance) ?? Number.NaN;
        const asked = Math.min(retryAfterMs ?? 0, 24 * hours);
        expect(delayMs).toBeGreaterThanOrEqual(Math.max(planned, asked));
        expect(delayMs).toBeLessThanOrEqual(Math.max(planned * 1.1, asked, 60_000) + 1);
      },
    ),
  );
});

it('gives a receiver that is under load a minute at least', () => {
  for (const statusCode of [429, 502, 503, 504]) expect(nextDelayMs(1, { statusCode }, never)).toBe(60_000);
  expect(nextDelayMs(1, { statusCode: 500 }, never)).toBe(5_000);
});
