import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { attemptsOf } from './attempt-repository.ts';
import { type AttemptDeps, attemptLimit, withAttempts } from './attempts.ts';
import { startIdentityTables } from './test-identity.ts';

let tables: Awaited<ReturnType<typeof startIdentityTables>>;
beforeAll(async () => {
  tables = await startIdentityTables();
});
afterAll(() => tables.close());

/** Browsers that have passed before, counted in a map. */
const inMemory = (known: readonly string[]) => {
  const taken = new Map<string, number>();
  const deps: AttemptDeps = {
    isKnownDevice: async (device) => known.includes(device),
    take: async (from) => {
      const count = taken.get(from) ?? 0;
      if (count >= attemptLimit.most) return false;
      taken.set(from, count + 1);
      return true;
    },
    giveBack: async (from) => {
      taken.set(from, (taken.get(from) ?? 1) - 1);
    },
  };
  return deps;
};

it('lets no guesser, in whatever order and from however many browsers, shut out a browser that is known', async () => {
  const guess = fc.record({
    from: fc.constantFrom(undefined, 'forged', 'stolen'),
    right: fc.constant(false),
  });
  const own = fc.record({ from: fc.constant('own'), right: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(guess, own), { maxLength: 60 }), async (tries) => {
      const pass = withAttempts(inMemory(['own', 'stolen']));
      let [judged, ownWrong] = [0, 0];
      for (const { from, right } of tries) {
        const answer = await pass(from, async () => {
          if (from !== 'own') judged++;
          return right || undefined;
        });
        if (from !== 'own') continue;
        // Its own mistakes are all that counts against it.
        if (ownWrong < attemptLimit.most) expect(answer.ok).toBe(right);
        else expect(answer).toMatchObject({ failure: { code: 'too_many_requests' } });
        if (!right && ownWrong < attemptLimit.most) ownWrong++;
      }
      // Strangers together, and the one stolen browser, are judged five times each.
      expect(judged).toBeLessThanOrEqual(2 * attemptLimit.most);
    }),
  );
});

it('counts each of many at once, and begins anew after the window', async () => {
  const ref = { tenantId: 'demo', userId: 5 };
  const { nowMs } = tables.time;
  const many = (atMs: number) =>
    Promise.all(Array.from({ length: 20 }, () => attemptsOf(tables.store, ref, atMs).take('strangers')));
  expect((await many(nowMs)).filter(Boolean)).toHaveLength(attemptLimit.most);
  expect((await many(nowMs + attemptLimit.windowMs - 1)).filter(Boolean)).toHaveLength(0);
  expect(await attemptsOf(tables.store, ref, nowMs).take('another browser')).toBe(true);
  expect(await attemptsOf(tables.store, { ...ref, userId: 6 }, nowMs).take('strangers')).toBe(true);
  expect((await many(nowMs + attemptLimit.windowMs)).filter(Boolean)).toHaveLength(attemptLimit.most);
});
