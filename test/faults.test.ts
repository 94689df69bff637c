import { expect, test } from 'vitest';
import { runSchedules, summing } from './faults/run.ts';

/** A short one of `npm run test:fault`. */
test('no generated fault makes a command take effect twice, get lost or get stuck', async () => {
  const { add, sum } = summing(1);
  await runSchedules(60, 1, add);
  const { violations, batches, crashes, dropped, duplicated, ends } = sum();
  expect(violations).toEqual([]);
  expect(Math.min(batches, crashes, dropped, duplicated)).toBeGreaterThan(0);
  expect(Object.keys(ends)).toEqual(expect.arrayContaining(['COMPLETED', 'FAILED', 'UNKNOWN', 'EXPIRED']));
}, 120_000);
