import { expect, it } from 'vitest';
import { latestCodes } from './latest-codes.ts';

it('takes the codes of the newest reading that says anything of them, of raw readings only', () => {
  const at = '2026-01-01T00:00:00Z';
  const point = (error_codes?: string[]) => ({
    at,
    state: 'hashing' as const,
    values: {},
    ...(error_codes && { error_codes }),
  });
  const raw = (...points: ReturnType<typeof point>[]) => ({
    site_id: 1,
    miner_id: 'm-1',
    count: points.length,
    tier: 'raw' as const,
    points,
  });
  expect(latestCodes(raw(point(['110']), point(['541']), point()))).toEqual(['541']);
  expect(latestCodes(raw(point(['110']), point([]), point()))).toEqual([]);
  expect(latestCodes(raw(point()))).toEqual([]);
  expect(latestCodes({ site_id: 1, miner_id: 'm-1', count: 0, tier: 'daily', points: [] })).toEqual([]);
});
