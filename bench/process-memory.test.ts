import { expect, it } from 'vitest';
import { memoryOf } from './process-memory.ts';

it('sees what this process has resident', () => {
  const ballast = Buffer.alloc(200 * 2 ** 20, 1);
  const { rssMb, peakMb } = memoryOf(process.pid);
  expect(rssMb).toBeGreaterThan(200);
  expect(peakMb ?? rssMb).toBeGreaterThanOrEqual(rssMb - 1);
  expect(ballast.at(-1)).toBe(1);
});

it('says when there is no such process', () => {
  expect(() => memoryOf(2 ** 30)).toThrow();
});
