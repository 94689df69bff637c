import fc from 'fast-check';
import { schedule } from '../lambdas/telemetry/test-schedules.ts';
import { startTables } from '../lambdas/telemetry/test-tiers.ts';
import { tryWays } from '../lambdas/telemetry/test-ways.ts';
import type { Bench } from './bench.ts';

export type ScheduleOptions = { readonly count: number; readonly seed: number };

/** Generated schedules of batches that are late, out of order, repeated, missing or skewed, with failing roll-ups: each in two ways, to the same bytes. */
export const benchSchedules: Bench<ScheduleOptions> = async ({ count, seed }, { progress }) => {
  const tables = await startTables();
  let done = 0;
  let batches = 0;
  let blocks = 0;
  try {
    await fc.assert(
      fc.asyncProperty(schedule, async (of) => {
        const [one, other] = await tryWays(tables, of);
        for (const [key, bytes] of one)
          if (other.get(key) !== bytes) throw new Error(`${key} depends on the order in which batches came`);
        if (one.size !== other.size)
          throw new Error('The order in which batches came makes more or fewer blocks');
        batches += of.batches.length;
        blocks += one.size;
        progress(++done, count, 'schedules');
      }),
      { numRuns: count, seed, endOnFailure: true },
    );
  } finally {
    await tables.close();
  }
  const figures = { schedules: count, seed, batches, blocks, different: 0 };
  return {
    tables: [
      {
        title: 'The same bytes in every block, whatever the order of delivery',
        rows: Object.entries(figures).map(([what, value]) => ({ what, value: String(value) })),
      },
    ],
    figures,
    notes: [],
  };
};
