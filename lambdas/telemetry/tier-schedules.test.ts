import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { follow, type Schedule, type Step, schedule } from './test-schedules.ts';
import { bytesOfBlocks, newWorld, settle, startTables } from './test-tiers.ts';
import { dayMs } from './windows.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

const movingClock = (startMs: number) => {
  let now = startMs;
  return {
    nowMs: () => now,
    advance: (ms: number) => {
      now += ms;
    },
  };
};

const endsOf = async (of: Schedule, way: readonly Step[]) => {
  const clock = movingClock(of.startMs + 3.5 * dayMs);
  const world = { ...newWorld(tables.db, await tables.newTable(), of.zone, clock.nowMs), clock };
  await follow(world, of, way);
  clock.advance(of.startMs + 7 * dayMs - clock.nowMs());
  await settle(world, of.shards);
  const soon = await bytesOfBlocks(world);
  clock.advance(14 * dayMs);
  await settle(world, of.shards);
  return { soon, late: await bytesOfBlocks(world) };
};

it('ends with the same bytes in every block, whatever the order, grouping and repetition of batches and roll-ups', async () => {
  await fc.assert(
    fc.asyncProperty(schedule, async (of) => {
      const [one, other] = [await endsOf(of, of.ways[0]), await endsOf(of, of.ways[1])];
      expect(one.soon.size).toBeGreaterThan(0);
      expect(other).toEqual(one);
    }),
    { seed: 20270331, numRuns: 6 },
  );
}, 60_000);
