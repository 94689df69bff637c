import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rotated, validSecrets, verdictOn } from './endpoint.ts';

const day = 86_400_000;

it('signs with the newest secret first and with older ones only until their end, whatever is rotated when', () => {
  const step = fc.record({
    waitMs: fc.integer({ min: 0, max: 3 * day }),
    overlapMs: fc.integer({ min: 0, max: 7 * day }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      let nowMs = 1_000;
      let endpoint = { secrets: [{ sealed: 's0' }] as ReturnType<typeof rotated> };
      const endOf = new Map<string, number>();
      steps.forEach(({ waitMs, overlapMs }, index) => {
        nowMs += waitMs;
        for (const { sealed } of validSecrets(endpoint, nowMs))
          endOf.set(sealed, Math.min(endOf.get(sealed) ?? Number.POSITIVE_INFINITY, nowMs + overlapMs));
        endpoint = { secrets: rotated(endpoint, `s${index + 1}`, nowMs, overlapMs) };
        const valid = validSecrets(endpoint, nowMs);
        expect(valid[0]).toEqual({ sealed: `s${index + 1}` });
        expect(valid.length).toBeLessThanOrEqual(3);
        for (const { sealed, untilMs } of valid.slice(1)) {
          expect(untilMs).toBe(endOf.get(sealed));
          expect(untilMs).toBeGreaterThan(nowMs);
        }
      });
    }),
  );
});

it('retires every older secret at once where there is no overlap', () => {
  const secrets = rotated({ secrets: [{ sealed: 'a' }, { sealed: 'b', untilMs: 9e12 }] }, 'c', 1_000, 0);
  expect(secrets).toEqual([{ sealed: 'c' }]);
});

it('judges an endpoint by its answers', () => {
  const failing = { failingSinceMs: 0 };
  const no = { isSuccess: false, statusCode: 500 };
  expect([
    verdictOn({}, { isSuccess: true, statusCode: 200, atMs: 1 }),
    verdictOn(failing, { isSuccess: true, statusCode: 200, atMs: 9 * day }),
    verdictOn({}, { ...no, atMs: 1 }),
    verdictOn(failing, { ...no, atMs: 5 * day - 1 }),
    verdictOn(failing, { ...no, atMs: 5 * day }),
    verdictOn(failing, { isSuccess: false, atMs: 5 * day }),
    verdictOn({}, { isSuccess: false, statusCode: 410, atMs: 1 }),
  ]).toEqual([
    'well',
    'recovered',
    'begins_failing',
    'failing',
    'disable_failing',
    'disable_failing',
    'disable_gone',
  ]);
});
