import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { schedule } from './test-schedules.ts';
import { startTables } from './test-tiers.ts';
import { tryWays } from './test-ways.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

it('ends with the same bytes in every block, whatever the order, grouping and repetition of batches and roll-ups', async () => {
  await fc.assert(
    fc.asyncProperty(schedule, async (of) => {
      const [one, other] = await tryWays(tables, of);
      expect(one.size).toBeGreaterThan(0);
      expect(other).toEqual(one);
    }),
    { seed: 20270331, numRuns: 4 },
  );
}, 180_000);
