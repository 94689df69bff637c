import { expect, it } from 'vitest';
import { gapsAnswer } from '../../contracts/api-telemetry-losses.ts';
import type { LiveHead } from './live-repository.ts';
import { presentGaps } from './present-losses.ts';

const head = (shard: number, gaps: LiveHead['gaps']): LiveHead => ({
  site_id: 7,
  gateway_id: 'gw-1',
  shard,
  version: 3,
  newest_ms: 0,
  received_at_ms: 0,
  highest: 90,
  gaps,
  live: { key: 'live/7', bytes: 1 },
});

it('shows what may still come, the oldest first, and then what is lost', () => {
  const heads = [head(0, [[10, 14, 16, 5_000]]), head(1, undefined), head(2, [[1, 2, 3, 1_000]])];
  const losses = [
    { gateway_id: 'gw-1', shard: 0, after: 4, before: 8, lost_at_ms: 2_000 },
    { gateway_id: 'gw-2', shard: 0, after: 0, before: 2, lost_at_ms: 9_000 },
  ];
  expect(gapsAnswer.parse(presentGaps(7, heads, losses))).toEqual({
    site_id: 7,
    count: 4,
    gaps: [
      {
        gateway_id: 'gw-1',
        shard: 2,
        after: 1,
        before: 3,
        batches: 1,
        status: 'open',
        at: '1970-01-01T00:00:01.000Z',
      },
      {
        gateway_id: 'gw-1',
        shard: 0,
        after: 10,
        before: 16,
        batches: 4,
        status: 'open',
        at: '1970-01-01T00:00:05.000Z',
      },
      {
        gateway_id: 'gw-2',
        shard: 0,
        after: 0,
        before: 2,
        batches: 1,
        status: 'lost',
        at: '1970-01-01T00:00:09.000Z',
      },
      {
        gateway_id: 'gw-1',
        shard: 0,
        after: 4,
        before: 8,
        batches: 3,
        status: 'lost',
        at: '1970-01-01T00:00:02.000Z',
      },
    ],
  });
});
